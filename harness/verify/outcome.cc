#include "harness/verify/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <unordered_set>

#include "harness/verify/guardrails.h"

namespace ceiling {
namespace {

using Lines = std::vector<std::string>;

void append(Lines& to, const Lines& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// Canary operations that were begun while a frontend was in service, and before a recovery.
struct Canaries {
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::size_t open = 0;  ///< begun, in service or not, and never ended
  const OpEvent* first_failure = nullptr;
};

/// Failures of operations that were begun before so many events of maps do not count.
Canaries count_canaries(const ArmLog& log, std::size_t first_map) {
  Canaries canaries;
  std::unordered_set<std::uint64_t> not_counted;
  std::unordered_set<std::uint64_t> under_way;
  for (const auto& [op, in_service, maps, t_s, recovering] : log.ops) {
    if (!op->client.empty() || (op->kind != "put" && op->kind != "get")) continue;
    if (op->phase == OpPhase::invoke) {
      under_way.insert(op->id);
      if (!in_service || maps < first_map || recovering) not_counted.insert(op->id);
      continue;
    }
    under_way.erase(op->id);
    if (op->phase == OpPhase::ok) {
      ++canaries.succeeded;
    } else if (!not_counted.contains(op->id)) {
      ++canaries.failed;
      if (!canaries.first_failure) canaries.first_failure = op;
    }
  }
  canaries.open = under_way.size();
  return canaries;
}

/// What canary operations say against it that clients noticed nothing.
Conclusion canaries_held(const Experiment& experiment, const ArmLog& log, std::size_t first_map) {
  Conclusion found;
  const Canaries canaries = count_canaries(log, first_map);
  if (canaries.first_failure)
    found.against_contained.push_back(
        fmt::format("{} canary operations failed, first {} {} through {}", canaries.failed,
                    canaries.first_failure->kind, canaries.first_failure->id,
                    canaries.first_failure->frontend));
  else if (canaries.succeeded == 0 && has_canary(experiment.clients))
    found.missing.push_back("no canary operation was seen");
  else if (canaries.open > 0)
    found.missing.push_back(fmt::format("{} canary operations never ended", canaries.open));
  return found;
}

/// What speaks against `contained`, shards apart: operations between sweeps, and maps.
Conclusion contained_or_not(const Experiment& experiment, const ArmLog& log,
                            const Invariant& maps) {
  Conclusion found = canaries_held(experiment, log, 0);
  if (maps.holds == false)
    found.against_contained.push_back("a wrong map was published: " + maps.evidence);
  else if (!maps.holds)
    found.missing.push_back("no-wrong-map: " + maps.evidence);
  if (found.against_contained.empty() && found.missing.empty()) found.outcome = Outcome::contained;
  return found;
}

/// The refused addition makes no map, so that nothing of it may be noticed. What a map that is
/// refilled in place costs before is no matter of admission; with staged-build it costs nothing.
Conclusion prevented_or_not(const Experiment& experiment, const ArmPlan& arm, const ArmLog& log,
                            const Observation& seen) {
  const bool staged = arm.has(Guardrail::staged_build);
  Conclusion found =
      canaries_held(experiment, log, staged ? 0 : log.steps[seen.turning].maps_before_admission);
  append(found.against_contained, against_prevented(log));
  if (*seen.lowest_after_failing < 1)
    found.against_contained.push_back(
        fmt::format("only {:.4f} of the shards were routable after the refused addition",
                    *seen.lowest_after_failing));
  if (found.against_contained.empty() && found.missing.empty()) found.outcome = Outcome::prevented;
  return found;
}

/// The fleet has grown past the ceiling that it would have had. Where maps are published
/// whole clients notice nothing of that; else what a map that is refilled in place costs is no
/// matter of the guardrail.
Conclusion past_the_ceiling(const Experiment& experiment, const ArmPlan& arm, const ArmLog& log,
                            int ceiling) {
  Conclusion found;
  if (arm.publishes_whole()) found = canaries_held(experiment, log, 0);
  std::optional<double> lowest;
  for (const StepLog& step : log.steps) {
    if (step.step->fleet_size < ceiling) continue;
    for (const RoutableEvent* sweep : step.sweeps)
      if (sweep->pairs > 0) lowest = std::min(lowest.value_or(1.0), sweep->share);
  }
  if (!lowest)
    found.missing.push_back("no sweep past the ceiling");
  else if (*lowest < 1)
    found.against_contained.push_back(
        fmt::format("only {:.4f} of the shards were routable past the ceiling", *lowest));
  if (found.against_contained.empty() && found.missing.empty()) found.outcome = Outcome::prevented;
  return found;
}

}  // namespace

Conclusion conclude(const Experiment& experiment, const ArmPlan& arm, const ArmLog& log,
                    const Prediction& predicted, const Observation& seen, const Invariant& maps) {
  if (!seen.failing && !seen.observed.admission) {
    if (predicted.without)
      return past_the_ceiling(experiment, arm, log, predicted.without->fleet_size);
    return {.outcome = Outcome::not_reached};
  }
  if (!seen.routable.before) return {.missing = {"no sweep at the last complete step"}};
  if (!seen.lowest_after_failing) return {.missing = {"no sweep after the failing step"}};
  if (*seen.routable.before < 1)
    return {.against_contained = {fmt::format("only {:.4f} of the shards were routable before the "
                                              "failing step",
                                              *seen.routable.before)}};
  if (seen.observed.admission) return prevented_or_not(experiment, arm, log, seen);
  if (*seen.lowest_after_failing < 1) return {.outcome = Outcome::outage};
  return contained_or_not(experiment, log, maps);
}

Doubts hold_against(Outcome expect, const Conclusion& concluded) {
  Doubts found;
  if (expect == Outcome::any) return found;
  if (concluded.outcome == Outcome::unknown) {
    found.inconclusive = concluded.missing;
    const bool harmless = expect == Outcome::contained || expect == Outcome::prevented;
    append(harmless ? found.contrary : found.inconclusive, concluded.against_contained);
    if (found.contrary.empty() && found.inconclusive.empty())
      found.inconclusive.push_back("the outcome is unknown");
  } else if (concluded.outcome != expect) {
    found.contrary.push_back(fmt::format("expected {}, the outcome is {}", to_string(expect),
                                         to_string(concluded.outcome)));
  }
  return found;
}

}  // namespace ceiling
