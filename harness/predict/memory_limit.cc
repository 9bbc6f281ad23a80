#include "harness/predict/memory_limit.h"

#include <algorithm>
#include <functional>
#include <string>

namespace ceiling {
namespace {

using Need = std::function<std::int64_t(int)>;  // bytes, of the limit's scope, by fleet size

Need over_scope(const ArmPlan& arm, Need of_one) {
  if (arm.limits.scope == LimitScope::frontend) return of_one;
  return [of_one = std::move(of_one)](int size) { return size * of_one(size); };
}

Need least_need(const ArmPlan& arm, const CostModel& model) {
  return over_scope(arm, [cost = *model.memory](int size) { return cost.least(size); });
}

std::optional<int> first_above(const std::vector<int>& sizes, std::int64_t value,
                               const Need& need) {
  const auto found =
      std::find_if(sizes.begin(), sizes.end(), [&](int size) { return need(size) > value; });
  return found == sizes.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

Prediction predict_memory(const ArmPlan& arm, const CostModel& model) {
  Prediction prediction;
  prediction.scope = arm.limits.scope;
  if (!model.memory) {
    prediction.doubt =
        model.measured_at.empty()
            ? "memory.max needs --calibrate: memory is measured"
            : "memory.max: the memory of a frontend was not measured, or did not rise";
    return prediction;
  }
  const std::int64_t value = arm.limits.value(LimitName::memory_max).value();
  const std::vector<int> sizes = arm.fleet.sizes();
  const auto may = first_above(
      sizes, value, over_scope(arm, [cost = *model.memory](int size) { return cost.most(size); }));
  const auto must = first_above(sizes, value, least_need(arm, model));
  if (!may) return prediction;
  if (!must) {
    prediction.doubt = "memory.max is estimated: a frontend may find no memory left from " +
                       std::to_string(*may) + " frontends on, and need not up to " +
                       std::to_string(arm.fleet.end);
    return prediction;
  }
  prediction.fleet_size = may;
  prediction.fleet_size_most = must;
  prediction.limit = LimitName::memory_max;
  prediction.value = value;
  return prediction;
}

std::optional<Finding> memory_finding(const ArmPlan& arm, const CostModel& model) {
  const auto set = arm.limits.values.find(LimitName::memory_max);
  if (set == arm.limits.values.end() || !set->second.value || !model.memory) return std::nullopt;
  const std::int64_t need = least_need(arm, model)(arm.fleet.start);
  if (need <= *set->second.value) return std::nullopt;
  const bool own = arm.limits.scope == LimitScope::frontend;
  return Finding{set->second.at.line, set->second.at.column,
                 "limits.memory.max: " + std::to_string(*set->second.value) + " is below what " +
                     (own ? "a frontend of " : "") + "the starting fleet of " +
                     std::to_string(arm.fleet.start) + (own ? " keeps" : " keep") + ": at least " +
                     std::to_string(need) + " bytes"};
}

}  // namespace ceiling
