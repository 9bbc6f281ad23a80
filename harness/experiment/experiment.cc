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

std::vector<Finding> unsupported_limits(const Experiment& experiment) {
  std::vector<Finding> findings;
  const auto add = [&](const SetLimit& limit, std::string text) {
    const auto same = [&](const Finding& finding) {
      return finding.line == limit.at.line && finding.column == limit.at.column &&
             finding.text == text;
    };
    if (std::any_of(findings.begin(), findings.end(), same)) return;
    findings.push_back({limit.at.line, limit.at.column, std::move(text)});
  };
  const auto check = [&](const std::string& path, const LimitValues& limits) {
    for (const auto& [name, limit] : limits) {
      if (!limit.value || name == LimitName::pids_max || name == LimitName::rlimit_nproc) continue;
      const std::string key = path + std::string(to_string(name));
      add(limit, is_host_wide(name) ? key +
                                          ": found a limit of the whole host: it needs "
                                          "--host-limits, see harness/experiments/README.md"
                                    : key + ": found a limit that is not enforced yet");
    }
  };
  for (const ArmPlan& arm : experiment.arms) {
    check("limits.", arm.limits.values);
    for (const auto& [member, limits] : arm.limits.overrides) {
      check("limits.overrides." + member_name(member) + ".", limits);
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
