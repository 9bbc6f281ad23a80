#include "harness/predict/cost_model.h"

#include <algorithm>
#include <limits>
#include <set>

namespace ceiling {
namespace {

/// The same frontend at two sizes says what a peer costs, whatever frontends differ in.
std::optional<ResourceCost> fit_resource(const CalibrationPoint& low, const CalibrationPoint& high,
                                         const std::string& name) {
  const auto before = low.resources.find(name);
  const auto after = high.resources.find(name);
  if (before == low.resources.end() || after == high.resources.end()) return std::nullopt;
  if (before->second.size() != low.tasks.size() || after->second.size() != high.tasks.size()) {
    return std::nullopt;
  }
  const std::int64_t run = high.fleet_size - low.fleet_size;
  const std::int64_t per_peer = (after->second[0] - before->second[0]) / run;
  for (std::size_t i = 0; i < before->second.size(); ++i) {
    if (after->second[i] - before->second[i] != per_peer * run || per_peer < 0) return std::nullopt;
  }
  const auto [least, most] = std::minmax_element(after->second.begin(), after->second.end());
  const std::int64_t peers = per_peer * (high.fleet_size - 1);
  if (*least < peers) return std::nullopt;
  return ResourceCost{*least - peers, *most - peers, per_peer};
}

/// All cache servers of both fleets have to be alike.
std::optional<CacheCost> fit_cache(const CalibrationPoint& low, const CalibrationPoint& high) {
  const auto one_of = [](const CalibrationPoint& point,
                         const std::string& name) -> std::optional<std::int64_t> {
    const auto found = point.caches.find(name);
    if (found == point.caches.end() || found->second.empty()) return std::nullopt;
    const std::vector<std::int64_t>& all = found->second;
    const bool alike = std::all_of(all.begin(), all.end(), [&](auto it) { return it == all[0]; });
    return alike ? std::optional(all[0]) : std::nullopt;
  };
  const auto tasks = one_of(low, "tasks");
  const auto before = one_of(low, "descriptors");
  const auto after = one_of(high, "descriptors");
  if (!tasks || tasks != one_of(high, "tasks") || !before || !after) return std::nullopt;
  const std::int64_t run = high.fleet_size - low.fleet_size;
  const std::int64_t per_frontend = (*after - *before) / run;
  if (per_frontend < 1 || per_frontend * run != *after - *before) return std::nullopt;
  return CacheCost{*tasks, *before - per_frontend * low.fleet_size, per_frontend};
}

/// From the largest fleet and the one before it.
std::optional<MemoryCost> fit_memory(const std::vector<CalibrationPoint>& points) {
  std::vector<const CalibrationPoint*> by_size;
  for (const CalibrationPoint& point : points) by_size.push_back(&point);
  std::sort(by_size.begin(), by_size.end(),
            [](const auto* a, const auto* b) { return a->fleet_size < b->fleet_size; });
  const CalibrationPoint& high = *by_size.back();
  const CalibrationPoint& low = *by_size.at(by_size.size() - 2);
  const int run = high.fleet_size - low.fleet_size;
  if (run < kMemorySpan) return std::nullopt;
  const auto series = [](const CalibrationPoint& point, Resource resource) {
    const auto found = point.resources.find(std::string(to_string(resource)));
    const bool whole = found != point.resources.end() && found->second.size() == point.tasks.size();
    return whole ? found->second : std::vector<std::int64_t>();
  };
  const auto rises = [&](Resource resource) {
    const std::vector<std::int64_t> before = series(low, resource);
    const std::vector<std::int64_t> after = series(high, resource);
    std::vector<std::int64_t> per_peer;
    for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
      per_peer.push_back((after[i] - before[i]) / run);
    }
    return per_peer;
  };
  const std::vector<std::int64_t> kernel = rises(Resource::kernel_memory);
  const std::vector<std::int64_t> kept = rises(Resource::memory);
  if (kernel.empty() || kept.empty()) return std::nullopt;
  const std::vector<std::int64_t> there = series(high, Resource::memory);
  const std::vector<std::int64_t> ahead = series(high, Resource::memory_ahead);
  const MemoryCost cost{.fleet_size = high.fleet_size,
                        .least_kept = *std::min_element(there.begin(), there.end()),
                        .most_kept = *std::max_element(there.begin(), there.end()),
                        .least_per_peer = (*std::min_element(kernel.begin(), kernel.end()) +
                                           *std::min_element(kept.begin(), kept.end())) /
                                          2,
                        .most_per_peer = *std::max_element(kept.begin(), kept.end()),
                        .ahead = ahead.empty() ? 0 : ahead.front()};
  const bool rising = 0 < cost.least_per_peer && cost.least_per_peer <= cost.most_per_peer;
  return rising ? std::optional(cost) : std::nullopt;
}

}  // namespace

std::int64_t MemoryCost::least(int size) const {
  const std::int64_t more = size - fleet_size;
  return least_kept + std::min(more * least_per_peer, more * most_per_peer) - most_per_peer;
}

std::int64_t MemoryCost::most(int size) const {
  const std::int64_t more = size - fleet_size;
  const std::int64_t kept =
      most_kept + std::max(more * least_per_peer, more * most_per_peer) + most_per_peer;
  return kept + kept / 8 + ahead;
}

std::int64_t CostModel::frontend_tasks(int fleet_size) const {
  return member_tasks(1, fleet_size);
}

std::int64_t CostModel::tasks_in_cell(int members) const {
  return base + static_cast<std::int64_t>(per_peer) * std::min(members - 1, threaded_peers);
}

std::int64_t CostModel::member_tasks(int member, int fleet_size) const {
  const int cell = (member - 1) % cells;
  return tasks_in_cell((fleet_size - 1 - cell) / cells + 1);
}

std::int64_t CostModel::fleet_tasks(int fleet_size) const {
  std::int64_t sum = 0;
  for (int cell = 0; cell < std::min(cells, fleet_size); ++cell) {
    const int members = (fleet_size - cell + cells - 1) / cells;
    sum += members * member_tasks(cell + 1, fleet_size);
  }
  return sum;
}

CostModel plain(CostModel model) {
  model.cells = 1;
  model.threaded_peers = ResourceCost::kAnyNumber;
  for (auto& [resource, cost] : model.resources) {
    cost.most_peers = ResourceCost::kAnyNumber;
    if (resource != Resource::descriptors) continue;
    cost.least_base -= model.cache_servers;
    cost.most_base -= model.cache_servers;
  }
  model.cache_servers = 0;
  return model;
}

CostModel shaped(CostModel model, const ArmPlan& arm) {
  if (arm.has(Guardrail::cache_fleet)) {
    model.cache_servers = arm.cache_servers();
    model.threaded_peers = 0;
    for (auto& [resource, cost] : model.resources) {
      cost.most_peers = 0;
      if (resource != Resource::descriptors) continue;
      cost.least_base += model.cache_servers;
      cost.most_base += model.cache_servers;
    }
    return model;
  }
  if (arm.has(Guardrail::cells)) model.cells = arm.fleet.cells.value_or(1);
  if (!arm.has(Guardrail::multiplex) || model.per_peer == 0) return model;
  model.threaded_peers = arm.fleet.thread_budget.value_or(0) / model.per_peer;
  for (auto& [resource, cost] : model.resources) {
    if (resource != Resource::descriptors) cost.most_peers = model.threaded_peers;
  }
  return model;
}

std::optional<CostModel> fit(const std::vector<CalibrationPoint>& points) {
  std::set<int> sizes;
  for (const CalibrationPoint& point : points) {
    const bool complete =
        point.fleet_size > 0 && point.tasks.size() == static_cast<std::size_t>(point.fleet_size);
    const bool countable = std::all_of(point.tasks.begin(), point.tasks.end(), [](auto tasks) {
      return tasks > 0 && tasks <= std::numeric_limits<int>::max();
    });
    if (!complete || !countable) return std::nullopt;
    sizes.insert(point.fleet_size);
  }
  if (sizes.size() < 2) return std::nullopt;

  const auto by_size = [](const CalibrationPoint& a, const CalibrationPoint& b) {
    return a.fleet_size < b.fleet_size;
  };
  const auto [low, high] = std::minmax_element(points.begin(), points.end(), by_size);
  const std::int64_t rise = high->tasks[0] - low->tasks[0];
  const std::int64_t run = high->fleet_size - low->fleet_size;
  const std::int64_t per_peer = rise / run;
  const std::int64_t base = low->tasks[0] - per_peer * (low->fleet_size - 1);
  if (rise < 0 || rise % run != 0 || base < 1) return std::nullopt;

  CostModel model{
      static_cast<int>(base), static_cast<int>(per_peer), "measured", {sizes.begin(), sizes.end()}};
  for (const CalibrationPoint& point : points) {
    const std::int64_t expected = model.frontend_tasks(point.fleet_size);
    for (const std::int64_t tasks : point.tasks) {
      if (tasks != expected) return std::nullopt;
    }
  }
  for (const LimitName limit : all_limits()) {
    const auto resource = counted_by(limit);
    if (!resource) continue;
    if (const auto cost = fit_resource(*low, *high, std::string(to_string(*resource)))) {
      model.resources[*resource] = *cost;
    }
  }
  model.memory = fit_memory(points);
  model.cache = fit_cache(*low, *high);
  return model;
}

}  // namespace ceiling
