#pragma once

#include <cstdint>

#include "cgroups/cgroup.h"
#include "cgroups/hierarchy.h"
#include "harness/prove/measurement.h"
#include "harness/prove/testee.h"

namespace ceiling {

/// How a testee is to be driven.
struct Drive {
  std::int64_t stack = 0;          ///< of each thread; the testee has been told
  std::int64_t most = 0;           ///< threads, at most
  std::int64_t beyond = 0;         ///< no more than that above what is predicted
  bool has_ended_threads = false;  ///< it has: its heap and its stacks are no exact matter
};

/// Predicts for the testee by headroom(), has it make threads until one is refused, and reads
/// everything again. The threads stay. Throws Error when the testee dies of it.
Measurement measure(const Hierarchy& hierarchy, Testee& testee, const Drive& drive,
                    EventsMeaning meaning);

/// Finds out by a refusal what pids.events means here: a testee in a group without a limit, below
/// one with a limit of 1. Both are made below `parent`, and removed. `spec` starts a
/// ceiling-testee.
EventsMeaning probe_events_meaning(Cgroup& parent, Launcher& launcher, ProcessSpec spec);

}  // namespace ceiling
