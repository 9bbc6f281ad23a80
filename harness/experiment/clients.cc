#include "harness/experiment/clients.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ceiling {
namespace {

constexpr std::array<std::pair<DependentOutcome, std::string_view>, 4> kOutcomes = {{
    {DependentOutcome::unaffected, "unaffected"},
    {DependentOutcome::degraded, "degraded"},
    {DependentOutcome::down, "down"},
    {DependentOutcome::killed, "killed"},
}};

}  // namespace

const std::vector<std::string_view>& client_kinds() {
  static const std::vector<std::string_view> kinds = {
      "canary",      "blocking-buffer",       "unbounded-buffer",
      "drop-oldest", "alarm-on-missing-data", "status-page"};
  return kinds;
}

bool has_canary(const std::vector<ClientPlan>& clients) {
  return std::any_of(clients.begin(), clients.end(),
                     [](const ClientPlan& client) { return !client.is_dependent(); });
}

std::vector<ClientPlan> dependents_of(const std::vector<ClientPlan>& clients) {
  std::vector<ClientPlan> dependents = clients;
  std::erase_if(dependents, [](const ClientPlan& client) { return !client.is_dependent(); });
  return dependents;
}

ClientKeys client_keys(std::string_view kind) {
  if (kind == "unbounded-buffer") return {{"rate_per_s", "memory_max"}, {"record_bytes"}};
  if (kind == "alarm-on-missing-data") return {{"missing_after_ms"}, {}};
  if (kind == "status-page") return {{"login"}, {}};
  if (takes_logins(kind)) return {{"rate_per_s", "buffer"}, {"record_bytes"}};
  return {{"rate_per_s"}, {}};
}

bool takes_logins(std::string_view kind) {
  return kind == "blocking-buffer" || kind == "unbounded-buffer" || kind == "drop-oldest";
}

std::string_view to_string(DependentOutcome outcome) {
  for (const auto& [value, text] : kOutcomes) {
    if (value == outcome) return text;
  }
  return "";
}

std::optional<DependentOutcome> dependent_outcome_from(std::string_view name) {
  for (const auto& [value, text] : kOutcomes) {
    if (text == name) return value;
  }
  return std::nullopt;
}

DependentOutcome DependentSeen::outcome() const {
  if (oom_killed) return DependentOutcome::killed;
  if (ended || lost) return DependentOutcome::down;
  return dropped ? DependentOutcome::degraded : DependentOutcome::unaffected;
}

}  // namespace ceiling
