#include "harness/report/recovery_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/verify/recovery.h"

namespace ceiling {
namespace {

std::string rate(const RecoveryVerdict& one) {
  switch (one.plan.strategy) {
    case RestartStrategy::all_at_once:
      return fmt::format("all {}", one.fleet_size);
    case RestartStrategy::batches:
      return fmt::format("{} every {:g} s", one.plan.rate, one.plan.every_ms / 1000.0);
    case RestartStrategy::paced:
      break;
  }
  return fmt::format("{} at a time", one.plan.rate);
}

std::string took(const RecoveryVerdict& one) {
  return one.routable_after_s ? fmt::format("{:.1f}", *one.routable_after_s)
                              : fmt::format("not in {}", one.plan.limit_s);
}

/// "batches, 3 every 0.5 s"
std::string named(const RecoveryVerdict& one) {
  return fmt::format("{}, {}", to_string(one.plan.strategy), rate(one));
}

void conclusion(Page& page, const std::vector<ArmVerdict>& arms) {
  for (const ArmVerdict& arm : arms) {
    if (!arm.recovery || has_rate(arm.recovery->plan) || !arm.recovery->safe()) continue;
    page.line(2, fmt::format("all at once ({}) took {} s, with nobody in service at first",
                             arm.arm.name, took(*arm.recovery)));
  }
  const ArmVerdict* safe = fastest_safe(arms);
  if (safe == nullptr) return page.line(2, "no rate was safe", Tone::doubtful);
  page.line(2, fmt::format("fastest safe rate: {} ({}), {} s", safe->arm.name,
                           named(*safe->recovery), took(*safe->recovery)));
  for (const ArmVerdict* slower : slower_though_faster(arms, *safe)) {
    page.line(2, fmt::format("faster is slower: {} ({}), {} s, {} restarts wasted",
                             slower->arm.name, named(*slower->recovery), took(*slower->recovery),
                             slower->recovery->wasted_restarts));
  }
}

}  // namespace

void recovery_line(Page& page, const RecoveryVerdict& one) {
  const std::string end = one.completed
                              ? fmt::format("every shard routable after {} s", took(one))
                              : fmt::format("not every shard routable in {} s", one.plan.limit_s);
  page.line(2, fmt::format("recovery by {}: {}; {} of {} requests failed, {} restarts, {} wasted",
                           named(one), end, one.failed_requests, one.requests, one.restarts,
                           one.wasted_restarts));
}

void recovery_table(Page& page, const std::vector<ArmVerdict>& arms) {
  const auto recovers = [](const ArmVerdict& arm) { return arm.recovery.has_value(); };
  if (std::count_if(arms.begin(), arms.end(), recovers) < 2) return;
  std::size_t width = 3;
  for (const ArmVerdict& arm : arms) width = std::max(width, arm.arm.name.size());
  const auto row = [width](std::string_view arm, std::string_view strategy, std::string_view rate,
                           std::string_view took, std::string_view failed,
                           std::string_view wasted) {
    return fmt::format("{:<{}}  {:<11}  {:<13}  {:>13}  {:>15}  {:>15}", arm, width, strategy, rate,
                       took, failed, wasted);
  };
  page.line(2,
            row("arm", "recovery", "rate", "s to routable", "failed requests", "wasted restarts"));
  for (const ArmVerdict& arm : arms) {
    if (!arm.recovery) continue;
    const RecoveryVerdict& one = *arm.recovery;
    page.line(2, row(arm.arm.name, to_string(one.plan.strategy), rate(one), took(one),
                     std::to_string(one.failed_requests), std::to_string(one.wasted_restarts)));
  }
  conclusion(page, arms);
  page.blank();
}

}  // namespace ceiling
