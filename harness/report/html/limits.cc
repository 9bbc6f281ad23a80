#include "harness/report/html/limits.h"

#include <algorithm>
#include <map>
#include <utility>

#include "harness/predict/host_limit.h"
#include "harness/report/html/drawn_limit.h"
#include "harness/verify/arm_log.h"

namespace ceiling {
namespace {

/// "frontend" for each of them, and "cache": whose sample it is says `where`.
std::string kind_of_scope(const SampleEvent& sample) {
  if (is_cache_scope(sample.scope)) return "cache";
  return is_frontend_scope(sample.scope) ? std::string(to_string(LimitScope::frontend))
                                         : sample.scope;
}

/// Of samples of limits that have a value.
bool fuller(const SampleEvent& one, const SampleEvent& other) {
  return *one.value - counted(one) < *other.value - counted(other);
}

/// What a counter of the kernel's moved by, over all scopes of one kind. The groups of a run start
/// at 0 and may be refused before their first sample; those above count for others as well.
class Moved {
 public:
  void take(const SampleEvent& sample, const std::optional<std::int64_t>& counter) {
    if (!counter) return;
    const bool above = is_ancestor_scope(sample.scope);
    Bounds& bounds = scopes_[sample.scope];
    if (!above) bounds.take(0);
    bounds.take(*counter);
  }
  std::optional<std::int64_t> sum() const {
    if (scopes_.empty()) return std::nullopt;
    std::int64_t sum = 0;
    for (const auto& [scope, bounds] : scopes_) sum += bounds.most - bounds.least;
    return sum;
  }

 private:
  std::map<std::string, Bounds> scopes_;
};

struct LimitUse {
  const SampleEvent* fullest = nullptr;
  Moved refusals;
  Moved oom_kills;
};

}  // namespace

OrderedJson limits_json(const ArmVerdict& arm, const ArmEvents& events) {
  std::map<std::pair<std::string, std::string>, LimitUse> uses;
  for (const Event* event : events) {
    const auto* sample = as<SampleEvent>(event);
    if (!sample || !sample->value) continue;
    LimitUse& use = uses[{kind_of_scope(*sample), sample->limit}];
    if (!use.fullest || !fuller(*use.fullest, *sample)) use.fullest = sample;
    use.refusals.take(*sample, sample->pids_events);
    use.oom_kills.take(*sample, sample->oom_kills);
  }
  std::vector<const LimitUse*> rows;
  rows.reserve(uses.size());
  for (const auto& [place, use] : uses) rows.push_back(&use);
  std::ranges::stable_sort(rows, [](const LimitUse* one, const LimitUse* other) {
    return fuller(*one->fullest, *other->fullest);
  });
  const bool of_caches = caches_bind(arm);
  const auto binding = of_caches ? LimitName::rlimit_nofile : limit_drawn(arm);
  const LimitScope scope = counted_scope(arm.arm.limits);
  const auto binds = [&](const LimitUse* use) {
    if (!binding || use->fullest->limit != to_string(*binding)) return false;
    if (is_cache_scope(use->fullest->scope)) return of_caches;
    return !of_caches && (in_scope(*use->fullest, scope) || is_per_process(*binding));
  };
  std::stable_partition(rows.begin(), rows.end(), binds);
  OrderedJson list = OrderedJson::array();
  for (const LimitUse* use : rows) {
    const SampleEvent& sample = *use->fullest;
    const auto name = limit_from(sample.limit);
    list.push_back({{"limit", sample.limit},
                    {"scope", kind_of_scope(sample)},
                    {"where", sample.where},
                    {"value", *sample.value},
                    {"used", counted(sample)},
                    {"unit", name ? unit_of(*name) : "tasks"},
                    {"refusals", or_null(use->refusals.sum())},
                    {"oom_kills", or_null(use->oom_kills.sum())},
                    {"binding", binds(use)}});
  }
  return list;
}

}  // namespace ceiling
