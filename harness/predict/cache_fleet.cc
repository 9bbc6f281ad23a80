#include "harness/predict/cache_fleet.h"

#include <algorithm>

namespace ceiling {

Prediction with_caches(Prediction frontends, const ArmPlan& arm, const CostModel& model) {
  const auto value = arm.limits.value(LimitName::rlimit_nofile);
  if (!value || !frontends.doubt.empty()) return frontends;
  const std::string limit(to_string(LimitName::rlimit_nofile));
  if (!model.cache) {
    frontends.doubt = model.measured_at.empty()
                          ? limit + " needs --calibrate: descriptors are measured"
                          : limit + ": the cache servers measured lie on no line";
    return frontends;
  }
  const std::int64_t places = (*value - model.cache->base) / model.cache->per_frontend;
  if (places >= arm.fleet.end) return frontends;
  const int without_place = static_cast<int>(std::max<std::int64_t>(places, 0)) + 1;
  const std::vector<int> sizes = arm.fleet.sizes();
  const int visited = *std::lower_bound(sizes.begin(), sizes.end(), without_place);
  if (frontends.fleet_size && *frontends.fleet_size < visited) return frontends;
  if (frontends.fleet_size == visited) {
    frontends.doubt = limit + " of the cache servers and " +
                      std::string(to_string(frontends.limit.value_or(LimitName::pids_max))) +
                      " of frontends are both met in the step to " + std::to_string(visited);
    return frontends;
  }
  Prediction prediction;
  prediction.fleet_size = visited;
  prediction.threads = model.cache->tasks;
  prediction.limit = LimitName::rlimit_nofile;
  prediction.value = *value;
  prediction.scope = frontends.scope;
  prediction.member = without_place;
  for (int member = without_place; member <= visited; ++member)
    prediction.failing.push_back(member);
  prediction.of_cache = true;
  return prediction;
}

std::optional<Finding> cache_finding(const ArmPlan& arm, const CostModel& model) {
  const auto limit = arm.limits.values.find(LimitName::rlimit_nofile);
  if (!arm.has(Guardrail::cache_fleet) || limit == arm.limits.values.end()) return std::nullopt;
  if (!limit->second.value || !model.cache) return std::nullopt;
  const int start = arm.fleet.start;
  const std::int64_t need = model.cache->descriptors(start);
  if (need <= *limit->second.value) return std::nullopt;
  return Finding{limit->second.at.line, limit->second.at.column,
                 "limits.RLIMIT_NOFILE: " + std::to_string(*limit->second.value) +
                     " is below what a cache server of the starting fleet of " +
                     std::to_string(start) + " needs: " + std::to_string(need) +
                     " descriptors (base " + std::to_string(model.cache->base) + " + " +
                     std::to_string(model.cache->per_frontend) + " per frontend × " +
                     std::to_string(start) + ")"};
}

}  // namespace ceiling
