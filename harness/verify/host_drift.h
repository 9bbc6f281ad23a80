#pragma once

#include <string>
#include <vector>

#include "harness/verify/arm_log.h"

namespace ceiling {

/// The host's own tasks come and go. A line where what was seen of them, before the fleet and at
/// every complete step, would give another fleet size than what was measured at calibration, or
/// where that was not measured; empty for an arm without a limit of the whole host.
std::vector<std::string> host_drift(const ArmPlan& arm, const CostModel& model, const ArmLog& log);

}  // namespace ceiling
