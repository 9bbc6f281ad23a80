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

}  // namespace

std::int64_t CostModel::frontend_tasks(int fleet_size) const {
  return base + static_cast<std::int64_t>(per_peer) * (fleet_size - 1);
}

std::int64_t CostModel::fleet_tasks(int fleet_size) const {
  return fleet_size * frontend_tasks(fleet_size);
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
  for (const Resource resource : all_resources()) {
    if (const auto cost = fit_resource(*low, *high, std::string(to_string(resource)))) {
      model.resources[resource] = *cost;
    }
  }
  return model;
}

}  // namespace ceiling
