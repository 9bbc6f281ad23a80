#pragma once

#include "harness/predict/predict.h"

namespace ceiling {

/// Adds to the prediction of an arm with the guardrail admission what membership is going to
/// refuse: the first addition that needs more threads than a limit leaves. The rest of the
/// prediction says what would be met without it. Nothing is added where the fleet ends before, or
/// where the kernel refuses the newcomer its start, before it can ask: that fails as without the
/// guardrail. A doubt, where it starts to matter who comes first.
void add_admission(Prediction& prediction, const ArmPlan& arm, const CostModel& model);

}  // namespace ceiling
