#pragma once

#include <filesystem>

#include "cgroups/limits/limit.h"

namespace ceiling {

/// kernel.pid_max N: numbers 1 to N-1; once the cursor has passed 300, only 300 to N-1
/// (proc_sys_kernel(5) and kernel/pid.c, RESERVED_PIDS). The use is every number held by a visible
/// task, process group or session, wherever it lies, so `value - used` is more than `threads_left`.
/// Exact in the first pid namespace; elsewhere outer namespaces bind as well and the row says so.
/// `root` is "/" or a fake tree.
Limit pid_max_limit(const std::filesystem::path& root = "/");

}  // namespace ceiling
