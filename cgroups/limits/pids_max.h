#pragma once

#include <vector>

#include "cgroups/facts.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// pids.max of the place's group and of every ancestor that has one, leaf first: each of them
/// binds, for root as well. cgroup-v2.rst "PID". Where groups above what is mounted here may exist
/// (a cgroup namespace, a bind mount), the topmost row is an upper bound and says so.
std::vector<Limit> pids_max_limits(const PlaceFacts& place);

}  // namespace ceiling
