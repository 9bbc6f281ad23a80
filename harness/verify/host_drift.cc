#include "harness/verify/host_drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "harness/predict/commit_limit.h"
#include "harness/predict/host_limit.h"

namespace ceiling {
namespace {

/// What the host had committed before the arm's fleet, against what it had at calibration.
std::vector<std::string> commit_drift(const CostModel& model, const ArmLog& log) {
  const auto committed = [](const std::vector<HostUse>& uses) {
    return std::find_if(uses.begin(), uses.end(), [](const HostUse& use) {
      return use.limit == LimitName::overcommit_memory;
    });
  };
  const std::vector<HostUse> uses = host_use(log.host);
  const auto known = committed(model.host);
  const auto before = committed(uses);
  if (known == model.host.end() || before == uses.end())
    return {"what the host had committed was not measured"};
  if (std::abs(before->used - known->used) <= commit_error(known->value)) return {};
  return {fmt::format("what the host had committed went from {} to {} bytes", known->used,
                      before->used)};
}

}  // namespace

std::vector<std::string> host_drift(const ArmPlan& arm, const CostModel& model, const ArmLog& log) {
  if (arm.limits.sets(LimitName::overcommit_memory)) return commit_drift(model, log);
  const auto limit = host_limit(arm.limits);
  if (!limit || arm.limits.scope == LimitScope::pid_namespace) return {};
  const auto known = host_use_of(arm, model);
  if (!known)
    return {fmt::format("what the host had in use of {} was not measured", to_string(*limit))};
  CostModel other = model;
  other.host = host_use(log.host);
  std::vector<std::int64_t> uses;
  if (const auto before = host_use_of(arm, other)) uses.push_back(*before);
  for (const StepLog& step : log.steps) {
    const SampleEvent* sample = step.sample(to_string(LimitScope::host), to_string(*limit));
    if (sample && step.complete())
      uses.push_back(sample->tasks - model.fleet_tasks(step.step->fleet_size));
  }
  for (const std::int64_t used : uses) {
    other.host = {{*limit, *arm.limits.value(*limit), used}};
    if (predict(arm, other).fleet_size != predict(arm, model).fleet_size)
      return {fmt::format("the host's own use of {} went from {} to {}, and with it the prediction",
                          to_string(*limit), *known, used)};
  }
  return {};
}

}  // namespace ceiling
