#include "harness/predict/commit_limit.h"

#include <algorithm>

#include "harness/predict/estimate.h"

namespace ceiling {
namespace {

/// Of a frontend, beside what VmData shows: the main stack, page tables.
constexpr std::int64_t kBesideData = 512 << 10;

const HostUse* use_of(const CostModel& model) {
  const auto found = std::find_if(model.host.begin(), model.host.end(), [](const HostUse& use) {
    return use.limit == LimitName::overcommit_memory;
  });
  return found == model.host.end() ? nullptr : &*found;
}

const ResourceCost* cost_of(const CostModel& model, Resource resource) {
  const auto found = model.resources.find(resource);
  return found == model.resources.end() ? nullptr : &found->second;
}

Need least_need(const HostUse& use, const ResourceCost& data) {
  return [use, data](int size) {
    return use.used + size * data.least(size) - commit_error(use.value);
  };
}

}  // namespace

std::int64_t commit_error(std::int64_t room) {
  return room / 64;
}

std::int64_t kept_from_frontend(const CostModel& model, int fleet_size) {
  const ResourceCost* mapped = cost_of(model, Resource::address_space);
  return mapped ? mapped->most(fleet_size) / 32 : 0;
}

Prediction predict_commit(const ArmPlan& arm, const CostModel& model) {
  const HostUse* use = use_of(model);
  const ResourceCost* data = cost_of(model, Resource::data);
  if (!use || !data) {
    Prediction prediction;
    prediction.scope = LimitScope::host;
    prediction.doubt = model.measured_at.empty()
                           ? "vm.overcommit_memory needs --calibrate: memory is measured"
                           : "vm.overcommit_memory: the host's or a frontend's memory was not "
                             "measured";
    return prediction;
  }
  const Need most = [&](int size) {
    return use->used + size * (data->most(size) + kBesideData) + kept_from_frontend(model, size) +
           commit_error(use->value);
  };
  return estimate(arm, LimitName::overcommit_memory, use->value, least_need(*use, *data), most);
}

std::optional<Finding> commit_finding(const ArmPlan& arm, const CostModel& model) {
  const HostUse* use = use_of(model);
  const ResourceCost* data = cost_of(model, Resource::data);
  if (!arm.limits.value(LimitName::overcommit_memory) || !use || !data) return std::nullopt;
  return estimate_finding(arm, LimitName::overcommit_memory, use->value,
                          least_need(*use, *data)(arm.fleet.start), "the host and");
}

}  // namespace ceiling
