#pragma once

#include <string>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/predict/predict.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// `ceiling.result/1` (schemas/result.json beside this file). Ends in a newline.
std::string result_json(const RunVerdict& verdict);
/// For a person: predicted against observed per arm, attribution with its evidence, routable
/// shares, invariants, verdict last. At most 100 columns; colour only where `colour`.
std::string result_text(const RunVerdict& verdict, bool colour);

/// One test case an arm and an invariant, and one for the history; refuted is a failure, unknown an
/// error.
std::string result_junit(const RunVerdict& verdict);
/// Text format of Prometheus.
std::string result_prometheus(const RunVerdict& run);

struct ArmPrediction {
  ArmPlan arm;
  CostModel cost_model;
  Prediction predicted;
};
/// `ceiling.predict/1`.
std::string predict_json(const Experiment& experiment, const std::vector<ArmPrediction>& arms);
std::string predict_text(const Experiment& experiment, const std::vector<ArmPrediction>& arms,
                         bool colour);

}  // namespace ceiling
