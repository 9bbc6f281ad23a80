#pragma once

#include <optional>

#include "harness/predict/predict.h"

namespace ceiling {

/// As predict(), for an arm that sets memory.max: an estimate, so a range of sizes. From
/// `fleet_size` on a frontend may, and at `fleet_size_most` it must find no memory left; then the
/// OOM killer ends a frontend, and nothing is refused. A doubt where the fleet ends within the
/// range.
Prediction predict_memory(const ArmPlan& arm, const CostModel& model);

/// A finding where a frontend of the starting fleet, or the whole of it, keeps more than it may.
std::optional<Finding> memory_finding(const ArmPlan& arm, const CostModel& model);

}  // namespace ceiling
