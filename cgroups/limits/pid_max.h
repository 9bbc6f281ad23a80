#pragma once

#include "cgroups/facts.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// kernel.pid_max N: numbers 1 to N-1; once the cursor has passed 300, only 300 to N-1
/// (proc_sys_kernel(5) and kernel/pid.c, RESERVED_PIDS). Held are the numbers of every task, and
/// those of process groups and sessions whose leader has gone. `used` counts them in the range that
/// is left to the cursor, so it may be less than the tasks of the host. Exact in the first pid
/// namespace; elsewhere outer namespaces bind as well and the row says so.
Limit pid_max_limit(const Facts& facts);

}  // namespace ceiling
