#pragma once

#include <string>
#include <vector>

#include "harness/verify/arm_log.h"
#include "harness/verify/observation.h"

namespace ceiling {

/// How the refused addition, and the first alarm, differ from what was predicted of them, a line
/// each; empty where they were met. An alarm before its size is false, one after it is late.
std::vector<std::string> admission_mismatches(const Prediction& predicted,
                                              const Observed& observed);
std::vector<std::string> alarm_mismatches(const Prediction& predicted, const Observed& observed);

/// What speaks against `prevented` although the addition was refused as predicted: a frontend that
/// the kernel refused a thread at any time.
std::vector<std::string> against_prevented(const ArmLog& log);

}  // namespace ceiling
