#pragma once

#include <string>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/report/report.h"

namespace ceiling {

/// The thread accounting that the workload's README documents, for every arm.
std::vector<CostModel> documented_models(const Experiment& experiment);

/// Throws BadInput, naming `file`, when an arm sets a limit that cannot be set here.
void check_limits(const Experiment& experiment, const std::string& file);

/// Throws BadInput, naming `file`, when an arm's starting fleet does not fit under its limits.
void check_starting_fleets(const Experiment& experiment, const std::vector<CostModel>& models,
                           const std::string& file);

std::vector<ArmPrediction> predict_all(const Experiment& experiment,
                                       const std::vector<CostModel>& models);

}  // namespace ceiling
