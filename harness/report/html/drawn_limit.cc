#include "harness/report/html/drawn_limit.h"

#include "harness/verify/arm_log.h"

namespace ceiling {

std::optional<LimitName> limit_drawn(const ArmVerdict& arm) {
  if (const auto found = limit_from(arm.attribution.limit)) return found;
  if (arm.predicted.limit) return arm.predicted.limit;
  for (const LimitName name : all_limits())
    if (arm.arm.limits.sets(name)) return name;
  return std::nullopt;
}

bool caches_bind(const ArmVerdict& arm) {
  if (arm.observed.of_cache || arm.predicted.of_cache) return true;
  const bool none = !arm.predicted.fleet_size && !arm.observed.fleet_size;
  return none && arm.predicted.beyond && arm.predicted.beyond->of_cache;
}

std::string unit_of(LimitName name) {
  if (counts_bytes(name)) return "bytes";
  if (name == LimitName::rlimit_nofile) return "descriptors";
  return name == LimitName::max_map_count ? "mappings" : "tasks";
}

std::int64_t counted(const SampleEvent& sample) {
  return sample.used.value_or(sample.tasks);
}

bool in_scope(const SampleEvent& sample, LimitScope scope) {
  return scope == LimitScope::frontend ? is_frontend_scope(sample.scope)
                                       : sample.scope == to_string(scope);
}

}  // namespace ceiling
