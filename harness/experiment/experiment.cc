#include "harness/experiment/experiment.h"

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

constexpr std::array<std::pair<LimitName, std::string_view>, 2> kLimits = {{
    {LimitName::pids_max, "pids.max"},
    {LimitName::rlimit_nproc, "RLIMIT_NPROC"},
}};

}  // namespace

std::vector<int> FleetPlan::sizes() const {
  std::vector<int> sizes;
  for (int size = start; size < end; size += step) sizes.push_back(size);
  sizes.push_back(end);
  return sizes;
}

std::string_view to_string(LimitScope scope) {
  return scope == LimitScope::fleet ? "fleet" : "frontend";
}

std::string_view to_string(LimitName name) {
  for (const auto& [limit, text] : kLimits) {
    if (limit == name) return text;
  }
  return "";
}

std::optional<LimitName> limit_from(std::string_view name) {
  for (const auto& [limit, text] : kLimits) {
    if (text == name) return limit;
  }
  return std::nullopt;
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
