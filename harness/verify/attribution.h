#pragma once

#include <string>
#include <vector>

#include "harness/verify/arm_log.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// The scopes whose limit the failed frontends of a step met: their own, "fleet", or "host". Where
/// limits differ by member, those of the frontends that were refused first.
std::vector<std::string> limited_scopes(const LimitPlan& limits, const StepLog& failing);

/// Which limit refused at `failing`. `before` is the step before it, nullptr where there is none.
///
/// pids.max: a group on the path stands at its limit and a pids.events counter moved. The counters
/// of every sampled group count: before 6.11 and on v1 the kernel counts in the forking group,
/// later in the limiting one (cgroup-v2.rst, "PID"). RLIMIT_NPROC: the uid stands at its limit, and
/// no pids.events moved: the kernel asks it before pids.max and leaves no trace (fork in
/// kernel/fork.c). kernel.threads-max and kernel.pid_max: the host stands at the limit, and neither
/// a pids.events moved nor is RLIMIT_NPROC full. RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK and
/// vm.max_map_count: the process has less of the resource left than one thread costs by `model`,
/// and the kernel made a task right after the refusal, so that no limit on tasks was met.
/// RLIMIT_NOFILE: the process has less left than one thread costs, and all refusals said EMFILE; of
/// cache servers: all of them have less left than a place costs.
/// memory.max refuses nothing: every frontend that failed was ended by SIGKILL, oom_kill of its
/// group moved, and what was charged to the limited group had come up to the limit.
/// vm.overcommit_memory: what is committed leaves no room for a stack, and the kernel made a task
/// right after the refusal; or none for a start, and the frontend ended by itself. Anything else
/// leaves `limit` empty, with what was seen as evidence.
Attribution attribute(const LimitPlan& limits, const std::optional<CostModel>& model,
                      const StepLog* before, const StepLog& failing);

}  // namespace ceiling
