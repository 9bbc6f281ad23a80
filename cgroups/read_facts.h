#pragma once

#include "cgroups/facts.h"
#include "cgroups/headroom.h"
#include "cgroups/hierarchy.h"

namespace ceiling {

/// Reads Facts from the tree that `hierarchy` was detected in; headroom() applies the rules to
/// them. What cannot be read stays unseen, with the reason.

/// Bounds stand for the counts that need every process to be read.
HostFacts read_host(const Hierarchy& hierarchy);
/// Throws Error when the process or the group is not there, or goes while it is read. Leaves
/// `uid_tasks` unread.
PlaceFacts read_place(const Hierarchy& hierarchy, const Target& target);
/// `bound`: where so many tasks run that only asking for every number would tell, their most.
enum class Numbers { bound, exact };
/// Replaces the bounds: tasks of the place's uid (unless probed) and numbers held, from the status
/// of every process that can be seen.
void count_tasks(const Hierarchy& hierarchy, Facts& facts, Numbers numbers);

/// The caller's own heap, mallinfo(3).
HeapFacts own_heap();

}  // namespace ceiling
