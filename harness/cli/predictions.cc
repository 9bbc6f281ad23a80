#include "harness/cli/predictions.h"

#include <fmt/format.h>

#include "harness/fleet/host_limits.h"
#include "harness/predict/host_limit.h"
#include "harness/predict/recovery.h"
#include "workload/protocol/thread_accounting.h"

namespace ceiling {

namespace {

/// What the host has in use of its limits now, and what a run adds to it beside frontends. This
/// process is counted already.
std::vector<HostUse> documented_host_use(const Experiment& experiment, const ArmPlan& arm) {
  if (!host_limit(arm.limits)) return {};
  constexpr int kKeeperAndLauncher = 2;
  const int services = wire::kMembershipTasks + experiment.backends * wire::kBackendTasks +
                       arm.cache_servers() * wire::kCacheTasks + wire::kClientTasks +
                       kKeeperAndLauncher;
  const std::vector<SampleEvent> samples = sample_host(Hierarchy::detect(), arm.limits);
  std::vector<const SampleEvent*> read;
  for (const SampleEvent& sample : samples) read.push_back(&sample);
  std::vector<HostUse> uses = host_use(read);
  for (HostUse& use : uses) use.used += services;
  return uses;
}

}  // namespace

std::vector<CostModel> documented_models(const Experiment& experiment) {
  std::vector<CostModel> models;
  for (const ArmPlan& arm : experiment.arms) {
    models.push_back(shaped({.base = wire::kFrontendBaseTasks,
                             .per_peer = arm.fleet.threads_per_peer,
                             .source = "documented",
                             .measured_at = {},
                             .host = documented_host_use(experiment, arm)},
                            arm));
  }
  return models;
}

void check_limits(const Experiment& experiment, const std::string& file, bool host_limits) {
  std::vector<Finding> findings = unsupported_limits(experiment, host_limits);
  if (!findings.empty()) throw BadInput(file, std::move(findings));
}

void check_starting_fleets(const Experiment& experiment, const std::vector<CostModel>& models,
                           const std::string& file) {
  std::vector<Finding> findings = starting_fleet_findings(experiment, models);
  if (findings.empty()) findings = recovery_findings(experiment, models);
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

std::string prediction_line(const ArmPrediction& arm) {
  const Prediction& predicted = arm.predicted;
  if (!predicted.doubt.empty()) return "no prediction: " + predicted.doubt;
  if (!predicted.fleet_size) {
    return "predicted: never gets to a limit" +
           (predicted.without
                ? fmt::format(", without the guardrails fails at {} frontends by {}",
                              predicted.without->fleet_size, to_string(predicted.without->limit))
                : "");
  }
  if (predicted.fleet_size_most) {
    return fmt::format("predicted: no memory left at {} to {} frontends, by {}",
                       *predicted.fleet_size, *predicted.fleet_size_most,
                       to_string(*predicted.limit));
  }
  if (const auto& refused = predicted.admission) {
    return fmt::format("predicted: admission keeps the fleet at {} frontends, by {}",
                       refused->fleet_size - 1, to_string(refused->limit));
  }
  const std::string who = predicted.member ? member_name(*predicted.member) + " " : "";
  if (predicted.of_cache) {
    return fmt::format("predicted: {}fails at {} frontends, by {} of the cache servers", who,
                       *predicted.fleet_size, to_string(*predicted.limit));
  }
  return fmt::format("predicted: {}fails at {} frontends, {} tasks, by {}", who,
                     *predicted.fleet_size, *predicted.threads, to_string(*predicted.limit));
}

}  // namespace ceiling
