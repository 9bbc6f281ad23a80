#include "harness/predict/recovery.h"

#include <string>

#include "harness/predict/predict.h"

namespace ceiling {

std::vector<Finding> recovery_findings(const Experiment& experiment,
                                       const std::vector<CostModel>& models) {
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < experiment.arms.size(); ++i) {
    const ArmPlan& arm = experiment.arms[i];
    if (!arm.recovery) continue;
    const Prediction predicted = predict(arm, models.at(i));
    const bool kept_below = predicted.admission.has_value();
    if (!predicted.doubt.empty() || (predicted.fleet_size && !kept_below)) continue;
    findings.push_back(
        {arm.recovery->at.line, arm.recovery->at.column,
         "arms." + arm.name +
             ".recovery: found a recovery in an arm that never reaches a ceiling (" +
             (kept_below ? "admission keeps its fleet below"
                         : "no frontend fails up to " + std::to_string(arm.fleet.end)) +
             "), expected one whose fleet fails"});
  }
  return findings;
}

}  // namespace ceiling
