#pragma once

#include <string>
#include <vector>

#include "cgroups/hierarchy.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// pids.max of group `group` and of every ancestor that has one, leaf first: each of them binds,
/// for root as well. cgroup-v2.rst "PID". Where groups above what is mounted here may exist (a
/// cgroup namespace, a bind mount), the topmost row is not exact and says so. Throws Error.
std::vector<Limit> pids_max_limits(const Hierarchy& hierarchy, const std::string& group);

}  // namespace ceiling
