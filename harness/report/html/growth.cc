#include "harness/report/html/growth.h"

#include <algorithm>
#include <optional>

#include "harness/observe/history.h"
#include "harness/predict/host_limit.h"
#include "harness/report/html/drawn_limit.h"
#include "harness/report/html/thin.h"
#include "harness/verify/arm_log.h"

namespace ceiling {
namespace {

constexpr std::size_t kSizesDrawn = 400;

using BySize = std::map<int, Bounds>;

struct Refusals {
  int count = 0;
  double first_s = 0;
  const RefusalEvent* first = nullptr;
};

/// The lowest that one of the fleet has.
std::optional<std::int64_t> ceiling_of(const LimitPlan& limits, LimitName name) {
  std::optional<std::int64_t> lowest = limits.value(name);
  for (const auto& [member, values] : limits.overrides) {
    const auto own = limits.value(name, member);
    if (own && (!lowest || *own < *lowest)) lowest = own;
  }
  return lowest;
}

BySize predicted_of_caches(const ArmVerdict& arm, int last) {
  BySize sizes;
  if (!arm.cost_model || !arm.cost_model->cache) return sizes;
  for (int size = arm.arm.fleet.start; size <= last; ++size) {
    const std::int64_t all = arm.cost_model->cache->descriptors(size);
    sizes[size] = {all, all};
  }
  return sizes;
}

BySize predicted_sizes(const ArmVerdict& arm, LimitName limit, LimitScope scope, int last) {
  BySize sizes;
  if (!arm.cost_model) return sizes;
  const CostModel& model = *arm.cost_model;
  const auto resource = counted_by(limit);
  for (int size = arm.arm.fleet.start; size <= last; ++size) {
    if (resource) {
      const auto cost = model.resources.find(*resource);
      if (cost == model.resources.end()) break;
      sizes[size] = {cost->second.least(size), cost->second.most(size)};
    } else if (limit == LimitName::memory_max) {
      if (!model.memory) break;
      sizes[size] = {model.memory->least(size), model.memory->most(size)};
    } else if (counts_bytes(limit) || limit == LimitName::overcommit_memory) {
      break;
    } else {
      const std::int64_t tasks =
          scope == LimitScope::frontend ? model.frontend_tasks(size) : model.fleet_tasks(size);
      const std::int64_t all = tasks + host_use_of(arm.arm, model).value_or(0);
      sizes[size] = {all, all};
    }
  }
  return sizes;
}

OrderedJson sizes_json(const BySize& sizes) {
  std::vector<double> most;
  std::vector<OrderedJson> points;
  for (const auto& [size, bounds] : sizes) {
    most.push_back(static_cast<double>(bounds.most));
    points.push_back({{"fleet_size", size}, {"least", bounds.least}, {"most", bounds.most}});
  }
  OrderedJson list = OrderedJson::array();
  for (const std::size_t index : drawn(most, kSizesDrawn)) list.push_back(points[index]);
  return list;
}

/// What was seen while the fleet came to a size, one size after the other.
class Growth {
 public:
  /// No `scope`: of the cache servers.
  Growth(LimitName limit, std::optional<LimitScope> scope) : limit_(limit), scope_(scope) {}

  void take(const Event* event) {
    if (const auto* sample = as<SampleEvent>(event)) {
      const bool ours = scope_ ? in_scope(*sample, *scope_) : is_cache_scope(sample->scope);
      if (ours && sample->limit == to_string(limit_)) pending_.take(counted(*sample));
    } else if (const auto* refusal = as<RefusalEvent>(event)) {
      if (refusal->server.empty() == scope_.has_value())
        refused_.push_back({1, event->t_s, refusal});
    } else if (const auto* step = as<StepEvent>(event)) {
      settle(step->fleet_size);
    }
  }
  const BySize& observed() const { return observed_; }
  OrderedJson refusals_json() const {
    OrderedJson list = OrderedJson::array();
    for (const auto& [place, one] : refusals_)
      list.push_back({{"fleet_size", place.first},
                      {"at", place.second},
                      {"count", one.count},
                      {"first_s", shown_s(one.first_s)},
                      {"frontend", one.first->frontend},
                      {"errno", errno_name(one.first->error)},
                      {"phase", one.first->phase}});
    return list;
  }

 private:
  void settle(int size) {
    if (pending_.most > 0) {
      observed_[size].take(pending_.least);
      observed_[size].take(pending_.most);
    }
    const bool own = scope_ == LimitScope::frontend && unit_of(limit_) == "tasks";
    for (const Refusals& one : refused_) {
      Refusals& all = refusals_[{size, own ? one.first->tasks : pending_.most}];
      if (all.count++ == 0) all = one;
    }
    refused_.clear();
    pending_ = {};
  }

  const LimitName limit_;
  const std::optional<LimitScope> scope_;
  Bounds pending_;
  std::vector<Refusals> refused_;
  BySize observed_;
  std::map<std::pair<int, std::int64_t>, Refusals> refusals_;
};

/// The largest size that there is something to draw of.
int last_size(const ArmVerdict& arm, const Growth& growth) {
  const int planned = arm.predicted.fleet_size.value_or(arm.arm.fleet.end);
  return growth.observed().empty() ? planned : std::max(planned, growth.observed().rbegin()->first);
}

}  // namespace

OrderedJson growth_json(const ArmVerdict& arm, const ArmEvents& events) {
  const auto limit = limit_drawn(arm);
  if (!limit) return {};
  const LimitScope scope = is_per_process(*limit) || *limit == LimitName::max_map_count
                               ? LimitScope::frontend
                               : counted_scope(arm.arm.limits);
  Growth growth(*limit, scope);
  for (const Event* event : events) growth.take(event);
  return {{"limit", to_string(*limit)},
          {"unit", unit_of(*limit)},
          {"scope", to_string(scope)},
          {"ceiling", or_null(ceiling_of(arm.arm.limits, *limit))},
          {"predicted", sizes_json(predicted_sizes(arm, *limit, scope, last_size(arm, growth)))},
          {"observed", sizes_json(growth.observed())},
          {"refusals", growth.refusals_json()}};
}

OrderedJson cache_growth_json(const ArmVerdict& arm, const ArmEvents& events) {
  constexpr LimitName kLimit = LimitName::rlimit_nofile;
  const auto ceiling = arm.arm.limits.value(kLimit);
  if (arm.arm.cache_servers() == 0 || !ceiling) return {};
  Growth growth(kLimit, std::nullopt);
  for (const Event* event : events) growth.take(event);
  return {{"limit", to_string(kLimit)},
          {"unit", unit_of(kLimit)},
          {"scope", "cache"},
          {"ceiling", *ceiling},
          {"predicted", sizes_json(predicted_of_caches(arm, last_size(arm, growth)))},
          {"observed", sizes_json(growth.observed())},
          {"refusals", growth.refusals_json()}};
}

}  // namespace ceiling
