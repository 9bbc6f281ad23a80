#include "harness/predict/estimate.h"

#include <algorithm>
#include <vector>

#include "harness/predict/host_limit.h"

namespace ceiling {
namespace {

std::optional<int> first_above(const std::vector<int>& sizes, std::int64_t room, const Need& need) {
  const auto found =
      std::find_if(sizes.begin(), sizes.end(), [&](int size) { return need(size) > room; });
  return found == sizes.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

Prediction estimate(const ArmPlan& arm, LimitName limit, std::int64_t room, const Need& least,
                    const Need& most) {
  Prediction prediction;
  prediction.scope = counted_scope(arm.limits);
  const std::vector<int> sizes = arm.fleet.sizes();
  const auto may = first_above(sizes, room, most);
  const auto must = first_above(sizes, room, least);
  if (!may) return prediction;
  if (!must) {
    prediction.doubt =
        std::string(to_string(limit)) + " is estimated: a frontend may find no memory left from " +
        std::to_string(*may) + " frontends on, and need not up to " + std::to_string(arm.fleet.end);
    return prediction;
  }
  prediction.fleet_size = may;
  prediction.fleet_size_most = must;
  prediction.limit = limit;
  prediction.value = arm.limits.value(limit);
  return prediction;
}

std::optional<Finding> estimate_finding(const ArmPlan& arm, LimitName limit, std::int64_t room,
                                        std::int64_t need, const std::string& who) {
  if (need <= room) return std::nullopt;
  const SetLimit& set = arm.limits.values.at(limit);
  return Finding{set.at.line, set.at.column,
                 "limits." + std::string(to_string(limit)) + ": " + std::to_string(room) +
                     " bytes are below the least for " + who + " the starting fleet of " +
                     std::to_string(arm.fleet.start) + ": " + std::to_string(need)};
}

}  // namespace ceiling
