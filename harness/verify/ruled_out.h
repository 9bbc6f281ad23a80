#pragma once

#include <map>
#include <optional>
#include <string>

#include "harness/verify/arm_log.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// Of the arm's limits besides the one that refused at `failing`, those that are shown not to have:
/// by name, with the evidence. A limit on tasks has one to give in every scope that failed; one on
/// what a process uses has room for one more thread by `model` in every process that failed. What
/// is full, or was not sampled in each of them, is not ruled out. Nothing where nothing refused.
std::map<std::string, std::string> ruled_out(const LimitPlan& limits,
                                             const std::optional<CostModel>& model,
                                             const Attribution& found, const StepLog& failing);

}  // namespace ceiling
