#include "harness/predict/memory_limit.h"

#include "harness/predict/estimate.h"

namespace ceiling {
namespace {

Need over_scope(const ArmPlan& arm, Need of_one) {
  if (arm.limits.scope == LimitScope::frontend) return of_one;
  return [of_one = std::move(of_one)](int size) { return size * of_one(size); };
}

Need least_need(const ArmPlan& arm, const CostModel& model) {
  return over_scope(arm, [cost = *model.memory](int size) { return cost.least(size); });
}

Need most_need(const ArmPlan& arm, const CostModel& model) {
  return over_scope(arm, [cost = *model.memory](int size) { return cost.most(size); });
}

}  // namespace

Prediction predict_memory(const ArmPlan& arm, const CostModel& model) {
  if (model.memory) {
    return estimate(arm, LimitName::memory_max, arm.limits.value(LimitName::memory_max).value(),
                    least_need(arm, model), most_need(arm, model));
  }
  Prediction prediction;
  prediction.scope = arm.limits.scope;
  prediction.doubt = model.measured_at.empty()
                         ? "memory.max needs --calibrate: memory is measured"
                         : "memory.max: the memory of a frontend was not measured, or did not rise";
  return prediction;
}

std::optional<Finding> memory_finding(const ArmPlan& arm, const CostModel& model) {
  const auto value = arm.limits.value(LimitName::memory_max);
  if (!value || !model.memory) return std::nullopt;
  return estimate_finding(arm, LimitName::memory_max, *value,
                          least_need(arm, model)(arm.fleet.start),
                          arm.limits.scope == LimitScope::frontend ? "a frontend of" : "all of");
}

}  // namespace ceiling
