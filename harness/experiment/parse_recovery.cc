#include "harness/experiment/parse_recovery.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "harness/experiment/parse_clients.h"

namespace ceiling {
namespace {

constexpr std::array<std::pair<RestartStrategy, std::string_view>, 3> kStrategies{
    {{RestartStrategy::all_at_once, "all-at-once"},
     {RestartStrategy::batches, "batches"},
     {RestartStrategy::paced, "paced"}}};
constexpr Range kEvery{10, 60'000};
constexpr Range kTimeLimits{1, 600};
constexpr Range kHealthTimeouts{50, 60'000};

void take(const std::optional<std::int64_t>& number, int& into) {
  if (number) into = static_cast<int>(*number);
}

/// What the strategy has no use for would be taken for something that it does.
void refuse_unused(const MapReader& map, std::string_view key, RestartStrategy strategy,
                   bool used) {
  if (used || !map.has(key)) return;
  map.refuse(map.place(key), key,
             "found a value that the strategy " + std::string(to_string(strategy)) +
                 " has no use for, expected no such key");
}

}  // namespace

std::string_view to_string(RestartStrategy strategy) {
  for (const auto& [value, name] : kStrategies)
    if (value == strategy) return name;
  return "";
}

std::optional<RecoveryPlan> read_recovery(const MapReader& arm, const Schema& schema, int largest,
                                          const std::vector<ClientPlan>& clients,
                                          Findings& findings) {
  const Node* node = arm.map("recovery", Presence::optional);
  if (node == nullptr || node->keys.empty()) return std::nullopt;
  const MapReader map(*node, arm.path("recovery"), schema, findings);
  RecoveryPlan plan;
  plan.at = {.line = node->line, .column = node->column};
  std::vector<std::string_view> strategies;
  for (const auto& [value, name] : kStrategies) strategies.push_back(name);
  const auto strategy = map.one_of("strategy", strategies, Presence::required);
  if (!strategy) return plan;  // what else is there depends on it
  for (const auto& [value, name] : kStrategies)
    if (name == *strategy) plan.strategy = value;
  const bool at_a_time = plan.strategy != RestartStrategy::all_at_once;
  refuse_unused(map, "rate", plan.strategy, at_a_time);
  refuse_unused(map, "every_ms", plan.strategy, plan.strategy == RestartStrategy::batches);
  if (const auto remove = map.integer("remove", {1, std::max(largest - 1, 1)}, Presence::optional))
    plan.remove = static_cast<int>(*remove);
  const Range rates{1, std::max(largest - plan.remove.value_or(1), 1)};
  if (at_a_time) take(map.integer("rate", rates, Presence::required), plan.rate);
  take(map.integer("every_ms", kEvery, Presence::optional), plan.every_ms);
  take(map.integer("limit_s", kTimeLimits, Presence::optional), plan.limit_s);
  take(map.integer("health_timeout_ms", kHealthTimeouts, Presence::optional),
       plan.health_timeout_ms);
  if (const auto safe = map.one_of("expect_safe", {"true", "false"}, Presence::optional))
    plan.expect_safe = *safe == "true";
  plan.expect_back = read_expect_back(map, clients);
  return plan;
}

}  // namespace ceiling
