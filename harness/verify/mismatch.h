#pragma once

#include <string>
#include <vector>

#include "harness/verify/arm_log.h"
#include "harness/verify/observation.h"

namespace ceiling {

/// Of the starting fleet, without which there is no prediction. Of one that is reshaped every one:
/// that its line bends is what the guardrail promises.
Doubts off_the_line(const ArmPlan& arm, const CostModel& model, const ArmLog& log);

/// How the observation differs from the prediction; empty where it was met. Where admission keeps
/// the fleet small, nothing fails.
std::vector<std::string> mismatches(const ArmPlan& arm, const Prediction& predicted,
                                    const Observation& seen);

}  // namespace ceiling
