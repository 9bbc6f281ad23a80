#pragma once

#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/predict/cost_model.h"

namespace ceiling {

/// A finding for every arm with a recovery whose fleet never reaches a ceiling: there would be
/// nothing to recover from. `models`: one an arm, in order.
std::vector<Finding> recovery_findings(const Experiment& experiment,
                                       const std::vector<CostModel>& models);

}  // namespace ceiling
