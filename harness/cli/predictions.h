#pragma once

#include <string>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/report/report.h"

namespace ceiling {

/// The thread accounting that the workload's README documents, for every arm, and what this host
/// has in use now of the limits of the whole host that an arm sets, with the processes of a run.
std::vector<CostModel> documented_models(const Experiment& experiment);

/// Throws BadInput, naming `file`, when an arm sets a limit that cannot be set here. `host_limits`:
/// those of the whole host may be.
void check_limits(const Experiment& experiment, const std::string& file, bool host_limits);

/// Throws BadInput, naming `file`, when an arm's starting fleet does not fit under its limits,
/// or when it would recover from what it never meets.
void check_starting_fleets(const Experiment& experiment, const std::vector<CostModel>& models,
                           const std::string& file);

std::vector<ArmPrediction> predict_all(const Experiment& experiment,
                                       const std::vector<CostModel>& models);

/// "predicted: fails at 23 frontends, 24 tasks, by pids.max"
std::string prediction_line(const ArmPrediction& arm);

}  // namespace ceiling
