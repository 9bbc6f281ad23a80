#include "harness/cli/predictions.h"

#include "workload/protocol/thread_accounting.h"

namespace ceiling {

std::vector<CostModel> documented_models(const Experiment& experiment) {
  std::vector<CostModel> models;
  for (const ArmPlan& arm : experiment.arms) {
    models.push_back({.base = wire::kFrontendBaseTasks,
                      .per_peer = arm.fleet.threads_per_peer,
                      .source = "documented",
                      .measured_at = {}});
  }
  return models;
}

void check_limits(const Experiment& experiment, const std::string& file) {
  std::vector<Finding> findings = unsupported_limits(experiment);
  if (!findings.empty()) throw BadInput(file, std::move(findings));
}

void check_starting_fleets(const Experiment& experiment, const std::vector<CostModel>& models,
                           const std::string& file) {
  std::vector<Finding> findings = starting_fleet_findings(experiment, models);
  if (!findings.empty()) throw BadInput(file, std::move(findings));
}

std::vector<ArmPrediction> predict_all(const Experiment& experiment,
                                       const std::vector<CostModel>& models) {
  std::vector<ArmPrediction> predictions;
  for (std::size_t i = 0; i < experiment.arms.size(); ++i) {
    const ArmPlan& arm = experiment.arms[i];
    predictions.push_back(
        {.arm = arm, .cost_model = models[i], .predicted = predict(arm, models[i])});
  }
  return predictions;
}

}  // namespace ceiling
