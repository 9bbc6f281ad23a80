#include "harness/experiment/experiment.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ceiling {
namespace {

constexpr std::array<std::pair<Outcome, std::string_view>, 6> kOutcomes = {{
    {Outcome::outage, "outage"},
    {Outcome::contained, "contained"},
    {Outcome::prevented, "prevented"},
    {Outcome::not_reached, "not-reached"},
    {Outcome::unknown, "unknown"},
    {Outcome::any, "any"},
}};

}  // namespace

std::vector<int> FleetPlan::sizes() const {
  std::vector<int> sizes;
  for (int size = start; size < end; size += step) sizes.push_back(size);
  sizes.push_back(end);
  return sizes;
}

int ArmPlan::cache_servers() const {
  constexpr int kDefault = 2;
  return has(Guardrail::cache_fleet) ? fleet.cache_servers.value_or(kDefault) : 0;
}

bool ArmPlan::has(Guardrail guardrail) const {
  return std::find(guardrails.begin(), guardrails.end(), guardrail) != guardrails.end();
}

std::string_view to_string(Outcome outcome) {
  for (const auto& [value, text] : kOutcomes) {
    if (value == outcome) return text;
  }
  return "";
}

std::optional<Outcome> outcome_from(std::string_view name) {
  for (const auto& [value, text] : kOutcomes) {
    if (text == name) return value;
  }
  return std::nullopt;
}

namespace {

/// Why a limit stands alone in its arm; empty where it need not.
std::string_view reason_to_stand_alone(LimitName name) {
  if (is_host_wide(name)) return "a limit of the whole host";
  return name == LimitName::memory_max ? "a limit that is estimated" : "";
}

/// Why one frontend cannot have another value than the rest; empty where it can.
std::string_view reason_to_hold_for_all(LimitName name) {
  if (name == LimitName::rlimit_nofile) {
    return "a limit on descriptors, expected one for all frontends: the others would wait for what "
           "this one cannot accept";
  }
  return name == LimitName::memory_max ? "a limit that is estimated, expected one for all "
                                         "frontends: who fails first would be "
                                         "chance"
                                       : "";
}

}  // namespace

std::vector<Finding> unsupported_limits(const Experiment& experiment, bool host_limits) {
  std::vector<Finding> findings;
  const auto add = [&](const SetLimit& limit, std::string text) {
    const auto same = [&](const Finding& finding) {
      return finding.line == limit.at.line && finding.column == limit.at.column &&
             finding.text == text;
    };
    if (std::any_of(findings.begin(), findings.end(), same)) return;
    findings.push_back({limit.at.line, limit.at.column, std::move(text)});
  };
  const auto check = [&](const std::string& path, const LimitValues& limits, const LimitPlan& of) {
    for (const auto& [name, limit] : limits) {
      if (!limit.value) continue;
      const std::string key = path + std::string(to_string(name));
      if (name == LimitName::overcommit_memory && limit.value != 2) {
        add(limit, key + ": found " + std::to_string(*limit.value) +
                       ", expected 2: no other mode refuses memory");
      } else if (path != "limits." && !reason_to_hold_for_all(name).empty()) {
        add(limit, key + ": found " + std::string(reason_to_hold_for_all(name)));
      } else if (of.of_host(name) && !host_limits) {
        add(limit, key +
                       ": found a limit of the whole host: it needs --host-limits, see "
                       "harness/experiments/README.md");
      }
    }
  };
  for (const ArmPlan& arm : experiment.arms) {
    check("limits.", arm.limits.values, arm.limits);
    const std::vector<LimitName> names = arm.limits.names();
    const auto alone = std::find_if(names.begin(), names.end(), [](LimitName name) {
      return !reason_to_stand_alone(name).empty();
    });
    if (alone != names.end() && (names.size() > 1 || !arm.limits.overrides.empty())) {
      add(arm.limits.values.at(*alone),
          "limits." + std::string(to_string(*alone)) + ": found " +
              std::string(reason_to_stand_alone(*alone)) +
              " beside another, expected it alone in its arm: who answers first would be chance");
    }
    for (const auto& [member, limits] : arm.limits.overrides) {
      check("limits.overrides." + member_name(member) + ".", limits, arm.limits);
    }
  }
  return findings;
}

BadInput::BadInput(std::string file, std::vector<Finding> findings)
    : findings_(std::move(findings)) {
  for (const Finding& finding : findings_) {
    if (!text_.empty()) text_ += '\n';
    text_ += file + ":";
    if (finding.line > 0) {
      text_ += std::to_string(finding.line) + ":" + std::to_string(finding.column) + ":";
    }
    text_ += " " + finding.text;
  }
}

}  // namespace ceiling
