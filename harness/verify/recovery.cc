#include "harness/verify/recovery.h"

#include <fmt/format.h>

#include <unordered_set>
#include <utility>

namespace ceiling {
namespace {

using Lines = std::vector<std::string>;

/// Canary operations that began between the first restart and the end of the recovery.
void count_requests(const ArmLog& log, RecoveryVerdict& into) {
  const RecoveryLog& recovery = log.recovery;
  std::unordered_set<std::uint64_t> counted;
  std::uint64_t succeeded = 0;
  for (const OpLog& one : log.ops) {
    if (!one.op->client.empty() || (one.op->kind != "put" && one.op->kind != "get")) continue;
    const bool meanwhile =
        one.t_s >= recovery.restarts.front().t_s && (!recovery.end || one.t_s <= recovery.ended_s);
    if (one.op->phase == OpPhase::invoke) {
      if (meanwhile) counted.insert(one.op->id);
    } else if (one.op->phase == OpPhase::ok && counted.contains(one.op->id)) {
      ++succeeded;
    }
  }
  into.requests = counted.size();
  into.failed_requests = into.requests - succeeded;
}

Lines gaps(const ArmPlan& arm, const RecoveryLog& log) {
  if (!log.seen()) return {"the history has none"};
  Lines found;
  if (!log.begin)
    found.push_back("the history does not say that it began");
  else if (log.begin->strategy != to_string(arm.recovery->strategy) ||
           log.begin->rate != arm.recovery->rate)
    found.push_back(
        fmt::format("the history has one by {} {}", log.begin->strategy, log.begin->rate));
  if (!log.end) {
    found.push_back("the history does not say how it ended");
    return found;
  }
  if (!std::cmp_equal(log.end->restarts, log.restarts.size()))
    found.push_back(fmt::format("{} restarts were made, the history has {}", log.end->restarts,
                                log.restarts.size()));
  if (!std::cmp_equal(log.end->removals, log.removals.size()))
    found.push_back(fmt::format("{} frontends were removed, the history has {}", log.end->removals,
                                log.removals.size()));
  const bool all_found = log.last_sweep && log.last_sweep->share == 1 && log.last_sweep->pairs > 0;
  if (log.end->completed && !all_found)
    found.push_back("it completed, and the last sweep did not find every shard");
  if (log.end->completed && log.restarts.empty()) found.push_back("it restarted nobody");
  return found;
}

std::string unsafe_because(const RecoveryVerdict& seen) {
  if (!seen.completed)
    return fmt::format("it did not complete in {} s, {} restarts were wasted", seen.plan.limit_s,
                       seen.wasted_restarts);
  return fmt::format("{} of {} restarts were wasted", seen.wasted_restarts, seen.restarts);
}

}  // namespace

std::optional<RecoveryVerdict> judge_recovery(const ArmPlan& arm, const ArmLog& log) {
  const RecoveryLog& recovery = log.recovery;
  if (!arm.recovery || recovery.restarts.empty()) return std::nullopt;
  RecoveryVerdict seen{.plan = *arm.recovery};
  std::unordered_set<std::string> names;
  for (const RestartLog& one : recovery.restarts) names.insert(one.restart->frontend);
  seen.fleet_size = static_cast<int>(names.size());
  seen.restarts = static_cast<int>(recovery.restarts.size());
  seen.wasted_restarts = static_cast<int>(recovery.removals.size());
  seen.completed = recovery.end && recovery.end->completed && recovery.last_sweep;
  if (seen.completed) seen.routable_after_s = recovery.swept_s - recovery.restarts.front().t_s;
  count_requests(log, seen);
  return seen;
}

Doubts hold_against(const ArmPlan& arm, const ArmLog& log,
                    const std::optional<RecoveryVerdict>& recovery) {
  Doubts found;
  if (!arm.recovery) {
    if (log.recovery.seen())
      found.inconclusive.push_back("the history has a recovery, and the arm has none");
    return found;
  }
  for (const std::string& gap : gaps(arm, log.recovery))
    found.inconclusive.push_back("recovery: " + gap);
  const std::optional<bool> expected = arm.recovery->expect_safe;
  if (!found.inconclusive.empty() || !expected || *expected == recovery->safe()) return found;
  found.contrary.push_back(
      *expected ? "recovery: expected to be safe, " + unsafe_because(*recovery)
                : "recovery: expected not to be safe, it completed and no restart was wasted");
  return found;
}

bool has_rate(const RecoveryPlan& plan) {
  return plan.strategy != RestartStrategy::all_at_once;
}

const ArmVerdict* fastest_safe(const std::vector<ArmVerdict>& arms) {
  const ArmVerdict* fastest = nullptr;
  for (const ArmVerdict& arm : arms) {
    if (!arm.recovery || !arm.recovery->safe() || !has_rate(arm.recovery->plan)) continue;
    const bool first = fastest == nullptr;
    if (first || arm.recovery->routable_after_s < fastest->recovery->routable_after_s)
      fastest = &arm;
  }
  return fastest;
}

bool is_faster_paced(const RecoveryPlan& one, const RecoveryPlan& other) {
  if (other.strategy == RestartStrategy::all_at_once) return false;
  if (one.strategy == RestartStrategy::all_at_once) return true;
  if (one.strategy != other.strategy) return false;
  if (one.strategy == RestartStrategy::paced) return one.rate > other.rate;
  return one.rate * other.every_ms > other.rate * one.every_ms;
}

std::vector<const ArmVerdict*> slower_though_faster(const std::vector<ArmVerdict>& arms,
                                                    const ArmVerdict& safe) {
  std::vector<const ArmVerdict*> slower;
  for (const ArmVerdict& arm : arms) {
    if (!arm.recovery || !is_faster_paced(arm.recovery->plan, safe.recovery->plan)) continue;
    const auto& took = arm.recovery->routable_after_s;
    if (!took || *took > *safe.recovery->routable_after_s) slower.push_back(&arm);
  }
  return slower;
}

}  // namespace ceiling
