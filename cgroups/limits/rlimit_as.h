#pragma once

#include "cgroups/facts.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// RLIMIT_AS (setrlimit(2)): VmSize plus stack and guard of every thread, plus what the heap grows
/// by meanwhile. Exact for a process that has never ended a thread and says what its heap has free;
/// a lower bound for any other.
Limit rlimit_as_limit(const PlaceFacts& place, const ThreadShape& thread);

}  // namespace ceiling
