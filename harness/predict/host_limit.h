#pragma once

#include <cstdint>
#include <optional>

#include "harness/predict/predict.h"

namespace ceiling {

/// The limit over all tasks of the host, or of a pid namespace, that an arm sets; nothing where it
/// sets none.
std::optional<LimitName> host_limit(const LimitPlan& limits);

/// Over whom the arm's limits count: the file's word, or the host.
LimitScope counted_scope(const LimitPlan& limits);

/// What the host has in use of the arm's host limit; nothing where the arm has none, or the model
/// does not know. In a pid namespace of the fleet's own: 0, which nobody gets, and its first
/// process.
std::optional<std::int64_t> host_use_of(const ArmPlan& arm, const CostModel& model);

/// As predict(), for an arm with a host limit. The fleet fails where it and the host's own use are
/// more than the limit; who is refused is chance, and `threads` is the limit, since nobody enters
/// what is full. Nothing but the scope is set where the host's use is not known.
Prediction predict_on_host(const ArmPlan& arm, const CostModel& model);

/// Whether `threads`, counted at the first refusal of a fleet of `fleet_size`, are as predicted:
/// exactly, but for kernel.threads-max. The kernel asks that one before it counts the new task
/// (copy_process() in kernel/fork.c), so creators of the same moment pass together: every frontend
/// has one, and all but the refused one may.
bool threads_as_predicted(const Prediction& prediction, std::optional<std::int64_t> threads,
                          int fleet_size);

/// As peak_tasks(): what the host leaves to the frontends.
std::int64_t peak_on_host(const ArmPlan& arm, const CostModel& model);

/// A finding where the starting fleet does not fit beside the host's own use.
std::optional<Finding> host_limit_finding(const ArmPlan& arm, const CostModel& model);

}  // namespace ceiling
