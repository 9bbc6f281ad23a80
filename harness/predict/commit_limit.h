#pragma once

#include <cstdint>
#include <optional>

#include "harness/predict/predict.h"

namespace ceiling {

/// As predict(), for an arm that sets vm.overcommit_memory to 2 (overcommit-accounting.rst): what
/// all processes of the host may write to is committed, and CommitLimit less the reserve for root
/// is there for it. An estimate, as predict_memory(): the kernel's own sum is kept per CPU. Who is
/// refused is chance: a peer thread its stack, or a frontend its start. A doubt where the host's
/// use or a frontend's data was not measured.
Prediction predict_commit(const ArmPlan& arm, const CostModel& model);

/// A finding where the starting fleet does not fit beside the host's own use.
std::optional<Finding> commit_finding(const ArmPlan& arm, const CostModel& model);

/// Bytes by which the kernel's sum may be off, where `room` is there: 0.4 % of the RAM, and
/// CommitLimit is a quarter of it at least on hosts that can run a fleet.
std::int64_t commit_error(std::int64_t room);

/// What is kept from a process is a 32nd of its own size (__vm_enough_memory() in mm/util.c).
std::int64_t kept_from_frontend(const CostModel& model, int fleet_size);

}  // namespace ceiling
