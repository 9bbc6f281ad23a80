#include "harness/predict/predict.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <stdexcept>

namespace ceiling {
namespace {

/// The limit that bites first: in one scope both count the same tasks.
std::optional<std::int64_t> smaller_limit(const LimitPlan& limits) {
  const auto pids = limits.value(LimitName::pids_max);
  const auto nproc = limits.value(LimitName::rlimit_nproc);
  return pids && nproc ? std::min(pids, nproc) : pids ? pids : nproc;
}

std::int64_t tasks_in_scope(LimitScope scope, const CostModel& model, int fleet_size) {
  return scope == LimitScope::fleet ? model.fleet_tasks(fleet_size)
                                    : model.frontend_tasks(fleet_size);
}

/// The member whose start is the first to be refused a thread, visited size or not.
std::optional<int> first_failing_member(const ArmPlan& arm, const CostModel& model,
                                        std::int64_t limit) {
  for (int size = 1; size <= arm.fleet.end; ++size) {
    if (tasks_in_scope(arm.limits.scope, model, size) > limit) return size;
  }
  return std::nullopt;
}

int visited_from(const FleetPlan& fleet, int size) {
  const std::vector<int> sizes = fleet.sizes();
  return *std::lower_bound(sizes.begin(), sizes.end(), size);
}

std::int64_t tasks_at_first_refusal(const ArmPlan& arm, const CostModel& model, std::int64_t limit,
                                    int member) {
  const bool entered_full =
      arm.limits.scope == LimitScope::fleet && model.fleet_tasks(member - 1) == limit;
  return entered_full ? limit + 1 : limit;
}

/// What the starting fleet lacks under one limit; nothing where it fits.
std::optional<std::string> starting_fleet_text(const ArmPlan& arm, const CostModel& model,
                                               LimitName name, std::int64_t value) {
  const int start = arm.fleet.start;
  const std::int64_t need = tasks_in_scope(arm.limits.scope, model, start);
  if (need <= value) return std::nullopt;
  const std::string each = "base " + std::to_string(model.base) + " + " +
                           std::to_string(model.per_peer) + " per peer × " +
                           std::to_string(start - 1);
  const std::string below =
      "limits." + std::string(to_string(name)) + ": " + std::to_string(value) + " is below what ";
  const std::string tasks = " needs: " + std::to_string(need) + " tasks ";
  const std::string fleet = "the starting fleet of " + std::to_string(start);
  if (arm.limits.scope == LimitScope::frontend) {
    return below + "a frontend of " + fleet + tasks + "(" + each + ")";
  }
  return below + fleet + tasks + "(" + std::to_string(start) + " × (" + each + "))";
}

std::vector<Finding> findings_of(const ArmPlan& arm, const CostModel& model) {
  std::vector<Finding> findings;
  for (const LimitName name : {LimitName::pids_max, LimitName::rlimit_nproc}) {
    const auto found = arm.limits.values.find(name);
    if (found == arm.limits.values.end() || !found->second.value) continue;
    if (auto text = starting_fleet_text(arm, model, name, *found->second.value)) {
      const Place at = found->second.at;
      findings.push_back({at.line, at.column, std::move(*text)});
    }
  }
  return findings;
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
  return model;
}

Prediction predict(const ArmPlan& arm, const CostModel& model) {
  Prediction prediction;
  prediction.scope = arm.limits.scope;
  const auto limit = smaller_limit(arm.limits);
  if (!limit) return prediction;
  const auto member = first_failing_member(arm, model, *limit);
  if (!member) return prediction;

  prediction.fleet_size = visited_from(arm.fleet, *member);
  prediction.threads = tasks_at_first_refusal(arm, model, *limit, *member);
  // The kernel asks RLIMIT_NPROC before the pids group. It also answers when it is one above a full
  // pids.max and a main process has just entered: both stand at their limits then.
  const auto nproc = arm.limits.value(LimitName::rlimit_nproc);
  const bool nproc_answers = nproc && *nproc <= *prediction.threads;
  prediction.limit = nproc_answers ? LimitName::rlimit_nproc : LimitName::pids_max;
  prediction.value = arm.limits.value(*prediction.limit);
  return prediction;
}

std::int64_t peak_tasks(const ArmPlan& arm, const CostModel& model) {
  const Prediction prediction = predict(arm, model);
  if (!prediction.fleet_size) return model.fleet_tasks(arm.fleet.end);
  const std::int64_t limit = *smaller_limit(arm.limits);
  const int size = *prediction.fleet_size;
  if (arm.limits.scope == LimitScope::frontend) return size * limit;
  const int member = *first_failing_member(arm, model, limit);
  return *prediction.threads + (size - member);  // the main processes that still join
}

std::vector<Finding> starting_fleet_findings(const Experiment& experiment,
                                             const std::vector<CostModel>& models) {
  if (models.size() != experiment.arms.size()) {
    throw std::invalid_argument("starting_fleet_findings: one cost model an arm is needed");
  }
  std::vector<std::vector<Finding>> by_arm;
  for (std::size_t i = 0; i < models.size(); ++i) {
    by_arm.push_back(findings_of(experiment.arms[i], models[i]));
  }
  const auto differ = [](const auto& one, const auto& other) {
    return !std::equal(one.begin(), one.end(), other.begin(), other.end(),
                       [](const Finding& a, const Finding& b) { return a.text == b.text; });
  };
  const bool all_alike = std::adjacent_find(by_arm.begin(), by_arm.end(), differ) == by_arm.end();
  if (all_alike && !by_arm.empty()) return by_arm.front();
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < by_arm.size(); ++i) {
    for (Finding& finding : by_arm[i]) {
      finding.text = "arm " + experiment.arms[i].name + ": " + finding.text;
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

std::vector<Finding> starting_fleet_findings(const Experiment& experiment, const CostModel& model) {
  return starting_fleet_findings(experiment, std::vector<CostModel>(experiment.arms.size(), model));
}

}  // namespace ceiling
