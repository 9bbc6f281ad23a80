#pragma once

#include "cgroups/facts.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// RLIMIT_MEMLOCK (mlockall(2)): VmLck plus stack and guard of every thread, for a process that
/// called mlockall(MCL_FUTURE). That call cannot be seen from outside: a process that has nothing
/// locked is taken not to have made it. CAP_IPC_LOCK is exempt.
Limit rlimit_memlock_limit(const PlaceFacts& place, const ThreadShape& thread);

}  // namespace ceiling
