#pragma once

#include <cstdint>

#include "cgroups/hierarchy.h"

namespace ceiling {

/// What is in use of the limits that the whole host shares, read from the tree that `hierarchy` was
/// detected in.

/// Tasks of the host, kernel threads included, as kernel.threads-max counts them: field 4 of
/// proc_loadavg(5). Throws Error where it cannot be read.
std::int64_t host_tasks(const Hierarchy& hierarchy);

/// Numbers below `pid_max` that the kernel gives to nobody once its cursor has passed 300: 0 to
/// 299, and those that a visible task, process group or session holds. The limit is reached where
/// this is `pid_max`. See limits/pid_max.h; in the first pid namespace.
std::int64_t pid_numbers_taken(const Hierarchy& hierarchy, std::int64_t pid_max);

}  // namespace ceiling
