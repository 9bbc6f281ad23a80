#pragma once

#include <vector>

#include "harness/verify/arm_log.h"
#include "harness/verify/observation.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// How the dependents of one arm came through it: the clients of the experiment that are some, in
/// their order.
std::vector<DependentVerdict> judge_dependents(const Experiment& experiment, const ArmPlan& arm,
                                               const ArmLog& log);

/// What is expected of them, through the arm and after its recovery, against what was seen. Of an
/// arm that did not come to its end nothing is contrary.
Doubts hold_against(const ArmPlan& arm, const ArmLog& log,
                    const std::vector<DependentVerdict>& dependents);

}  // namespace ceiling
