#pragma once

#include "harness/predict/predict.h"

namespace ceiling {

/// An alarm that leaves room for fewer servers comes too late to act on.
inline constexpr int kServersAfterAlarm = 2;

/// Adds to the prediction of an arm with the guardrail alarm the first visited size at which a
/// frontend has used the set share of the limit that binds it, and how many more servers fit then.
/// Nothing is added where the planned fleet does not get there.
void add_alarm(Prediction& prediction, const ArmPlan& arm, const CostModel& model);

/// A finding where fewer than kServersAfterAlarm servers fit when the alarm is raised, at the share
/// in the file; it names the largest share that would do.
std::optional<Finding> alarm_finding(const ArmPlan& arm, const CostModel& model);

}  // namespace ceiling
