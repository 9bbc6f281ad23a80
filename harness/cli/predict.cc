#include <algorithm>
#include <memory>

#include "cgroups/error.h"
#include "harness/cli/exit_status.h"
#include "harness/cli/predictions.h"
#include "harness/cli/run_host.h"
#include "harness/cli/verb.h"

namespace ceiling {
namespace {

/// A calibration alone, kept in a results folder as any run is.
std::vector<CostModel> measure(const Experiment& experiment, const std::filesystem::path& parent,
                               const std::filesystem::path& programs) {
  const HostPlan plan = plan_for_host(experiment, documented_models(experiment), programs);
  const ResultsFolder results = make_results_folder(parent, experiment.name, plan.run_id);
  RunHost host(plan, experiment.name, results);
  try {
    calibrate_all(host.site(), experiment, [](const Progress&) {});
  } catch (const Interrupted&) {
    host.finish();
    throw;
  }
  host.finish();
  std::vector<CostModel> models;
  for (auto& model : measured_models(experiment, results.path())) {
    if (!model)
      throw Error("not linear: the tasks measured lie on no line; see " +
                  (results.path() / "history.jsonl").string());
    models.push_back(std::move(*model));
  }
  return models;
}

}  // namespace

Verb add_predict(CLI::App& app) {
  struct Arguments {
    ExperimentArguments experiment;
    Output output;
    bool calibrate = false;
    std::filesystem::path results = "ceiling-results";
    std::filesystem::path programs;
  };
  const auto arguments = std::make_shared<Arguments>();
  arguments->experiment.add_to(app);
  arguments->output.add_to(app);
  app.add_flag("--calibrate", arguments->calibrate,
               "measure the tasks of real frontends instead of taking the documented ones (root)");
  app.add_option("--results", arguments->results, "where --calibrate puts its folder")
      ->capture_default_str();
  app.add_option("--programs", arguments->programs,
                 "folder of the workload's programs, for --calibrate (default: beside this one)");
  app.footer(
      "Example: ceiling predict harness/experiments/kinesis-2020.yaml --set limits.pids.max=33");

  return [arguments] {
    arguments->output.check();
    const Experiment experiment = arguments->experiment.read();
    const std::string file = arguments->experiment.file.string();
    check_limits(experiment, file, true);
    check_starting_fleets(experiment, documented_models(experiment), file);
    const std::vector<CostModel> models =
        arguments->calibrate ? measure(experiment, arguments->results, arguments->programs)
                             : documented_models(experiment);
    check_starting_fleets(experiment, models, file);
    const auto arms = predict_all(experiment, models);
    arguments->output.write(arguments->output.json()
                                ? predict_json(experiment, arms)
                                : predict_text(experiment, arms, arguments->output.colour()));
    const bool doubtful = std::any_of(arms.begin(), arms.end(), [](const ArmPrediction& arm) {
      return !arm.predicted.doubt.empty();
    });
    return static_cast<int>(doubtful ? kUnknown : kHolds);
  };
}

}  // namespace ceiling
