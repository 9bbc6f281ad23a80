#include <algorithm>
#include <functional>
#include <stdexcept>

#include "harness/predict/alarm.h"
#include "harness/predict/cache_fleet.h"
#include "harness/predict/commit_limit.h"
#include "harness/predict/host_limit.h"
#include "harness/predict/memory_limit.h"

namespace ceiling {
namespace {

/// What a frontend of the starting fleet needs of what one limit counts.
struct Need {
  std::int64_t each = 0;
  std::string sum;
  std::string_view unit;
};

/// Nothing where it is not known before it is measured.
std::optional<Need> need_of(LimitName name, const CostModel& model, int size) {
  const int cell = model.cell_size(size);
  const auto sum = [cell](std::int64_t base, std::int64_t per_peer, int most_peers) {
    return "base " + std::to_string(base) + " + " + std::to_string(per_peer) + " per peer × " +
           std::to_string(std::min(cell - 1, most_peers));
  };
  const auto resource = counted_by(name);
  if (!resource) {
    return Need{model.frontend_tasks(size), sum(model.base, model.per_peer, model.threaded_peers),
                "tasks"};
  }
  const auto cost = model.resources.find(*resource);
  if (cost == model.resources.end()) return std::nullopt;
  const ResourceCost& found = cost->second;
  return Need{found.most(cell), sum(found.most_base, found.per_peer, found.most_peers),
              to_string(*resource)};
}

/// What `who` lacks under one limit; nothing where it fits.
std::optional<Finding> too_small(const std::string& key, const SetLimit& limit,
                                 const std::string& who, const Need& need) {
  if (!limit.value || need.each <= *limit.value) return std::nullopt;
  return Finding{limit.at.line, limit.at.column,
                 key + ": " + std::to_string(*limit.value) + " is below what " + who +
                     " needs: " + std::to_string(need.each) + " " + std::string(need.unit) + " (" +
                     need.sum + ")"};
}

std::vector<Finding> findings_of(const ArmPlan& arm, const CostModel& model) {
  std::vector<Finding> findings;
  const auto add = [&findings](std::optional<Finding> finding) {
    if (finding) findings.push_back(std::move(*finding));
  };
  const int start = arm.fleet.start;
  const std::string fleet = "the starting fleet of " + std::to_string(start);
  for (const LimitName name : all_limits()) {
    const bool of_all_tasks = is_host_wide(name) && !counted_by(name);
    if (of_all_tasks || name == LimitName::memory_max) continue;
    const std::string key(to_string(name));
    const auto need = need_of(name, model, start);
    if (!need) continue;
    const auto drifted = [&](int member) {
      const auto found = arm.limits.overrides.find(member);
      return found != arm.limits.overrides.end() && found->second.contains(name);
    };
    int members = 0;  // that the fleet's own value holds for
    for (int member = 1; member <= start; ++member) members += drifted(member) ? 0 : 1;
    const auto limit = arm.limits.values.find(name);
    if (limit != arm.limits.values.end() && arm.limits.scope == LimitScope::fleet) {
      add(too_small("limits." + key, limit->second, fleet,
                    {model.fleet_tasks(start), std::to_string(start) + " × (" + need->sum + ")",
                     need->unit}));
    } else if (limit != arm.limits.values.end() && members > 0) {
      add(too_small("limits." + key, limit->second, "a frontend of " + fleet, *need));
    }
    for (const auto& [member, limits] : arm.limits.overrides) {
      if (member > start || !drifted(member)) continue;
      add(too_small("limits.overrides." + member_name(member) + "." + key, limits.at(name),
                    member_name(member) + " of " + fleet, *need));
    }
  }
  add(host_limit_finding(arm, model));
  add(memory_finding(arm, model));
  add(commit_finding(arm, model));
  add(cache_finding(arm, model));
  // Of a starting fleet that does not fit it says nothing new.
  if (findings.empty()) add(alarm_finding(arm, model));
  return findings;
}

}  // namespace

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
