#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/verify/arm_log.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// What speaks against `confirmed`, a line each.
struct Doubts {
  std::vector<std::string> contrary;      ///< makes it refuted
  std::vector<std::string> inconclusive;  ///< makes it unknown, where nothing is contrary
};

/// What one arm's history shows, before it is held against the prediction.
struct Observation {
  const StepLog* failing = nullptr;  ///< first settled step at which a frontend failed
  std::size_t turning = 0;  ///< index of that step, or of the one in which an addition was refused
  Observed observed;
  Attribution attribution;
  Routable routable;
  std::optional<double> lowest_after_failing;
  Doubts findings;
};

/// Reads the observation out of the log: the steps must be the planned ones, settled, without a
/// contradiction between frontends and kernel, and the arm must have come to its end.
/// `model` says what a thread costs, where it is known.
Observation observe(const ArmPlan& arm, const ArmLog& log, const std::optional<CostModel>& model);

}  // namespace ceiling
