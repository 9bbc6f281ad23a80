#include "harness/predict/host_limit.h"

#include <algorithm>
#include <array>
#include <string>

namespace ceiling {
namespace {

/// In the order in which the kernel asks them, copy_process() in kernel/fork.c.
constexpr std::array kHostLimits = {LimitName::threads_max, LimitName::pid_max};

}  // namespace

std::optional<LimitName> host_limit(const LimitPlan& limits) {
  const auto found = std::find_if(kHostLimits.begin(), kHostLimits.end(),
                                  [&](LimitName name) { return limits.sets(name); });
  return found == kHostLimits.end() ? std::nullopt : std::optional(*found);
}

LimitScope counted_scope(const LimitPlan& limits) {
  if (limits.scope == LimitScope::pid_namespace) return limits.scope;
  if (limits.sets(LimitName::overcommit_memory)) return LimitScope::host;
  return host_limit(limits) ? LimitScope::host : limits.scope;
}

std::vector<HostUse> host_use(const std::vector<const SampleEvent*>& samples) {
  std::vector<HostUse> uses;
  for (const SampleEvent* sample : samples) {
    const auto limit = limit_from(sample->limit);
    if (sample->scope != to_string(LimitScope::host) || !limit || !sample->value) continue;
    const bool known = std::any_of(uses.begin(), uses.end(), [&](const HostUse& use) {
      return use.limit == *limit && use.value == *sample->value;
    });
    if (!known) uses.push_back({*limit, *sample->value, sample->used.value_or(sample->tasks)});
  }
  return uses;
}

std::optional<std::int64_t> host_use_of(const ArmPlan& arm, const CostModel& model) {
  const auto limit = host_limit(arm.limits);
  if (!limit) return std::nullopt;
  if (arm.limits.scope == LimitScope::pid_namespace) return 2;
  const auto found = std::find_if(model.host.begin(), model.host.end(), [&](const HostUse& use) {
    return use.limit == *limit && use.value == arm.limits.value(*limit);
  });
  return found == model.host.end() ? std::nullopt : std::optional(found->used);
}

Prediction predict_on_host(const ArmPlan& arm, const CostModel& model) {
  Prediction prediction;
  prediction.scope = counted_scope(arm.limits);
  const LimitName limit = host_limit(arm.limits).value();
  const std::int64_t value = arm.limits.value(limit).value();
  const auto used = host_use_of(arm, model);
  if (!used) return prediction;
  for (const int size : arm.fleet.sizes()) {
    if (*used + model.fleet_tasks(size) <= value) continue;
    prediction.fleet_size = size;
    prediction.threads = value;
    prediction.limit = limit;
    prediction.value = value;
    break;
  }
  return prediction;
}

bool threads_as_predicted(const Prediction& prediction, std::optional<std::int64_t> threads,
                          int fleet_size) {
  if (prediction.limit != LimitName::threads_max || !threads || !prediction.threads)
    return prediction.threads == threads;
  const std::int64_t beyond = *threads - *prediction.threads;
  return beyond >= 0 && beyond < fleet_size;
}

std::int64_t peak_on_host(const ArmPlan& arm, const CostModel& model) {
  const Prediction prediction = predict_on_host(arm, model);
  if (!prediction.fleet_size) return model.fleet_tasks(arm.fleet.end);
  return *prediction.value - *host_use_of(arm, model);
}

std::optional<Finding> host_limit_finding(const ArmPlan& arm, const CostModel& model) {
  const auto limit = host_limit(arm.limits);
  const auto used = host_use_of(arm, model);
  if (!limit || !used) return std::nullopt;
  const SetLimit& set = arm.limits.values.at(*limit);
  const std::int64_t fleet = model.fleet_tasks(arm.fleet.start);
  if (*used + fleet <= *set.value) return std::nullopt;
  return Finding{set.at.line, set.at.column,
                 "limits." + std::string(to_string(*limit)) + ": " + std::to_string(*set.value) +
                     " is below what the " +
                     (arm.limits.scope == LimitScope::pid_namespace ? "namespace" : "host") +
                     " and the starting fleet of " + std::to_string(arm.fleet.start) +
                     " need: " + std::to_string(*used) + " + " + std::to_string(fleet)};
}

}  // namespace ceiling
