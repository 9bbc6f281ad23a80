#include "harness/verify/verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "harness/predict/host_limit.h"
#include "harness/verify/arm_log.h"
#include "harness/verify/clients.h"
#include "harness/verify/dependents.h"
#include "harness/verify/guardrails.h"
#include "harness/verify/host_drift.h"
#include "harness/verify/invariants.h"
#include "harness/verify/observation.h"
#include "harness/verify/recovery.h"

namespace ceiling {
namespace {

using Lines = std::vector<std::string>;

void append(Lines& to, const Lines& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// Whether the fleet of a step lies on the measured line: the first scope that does not.
Lines off_the_line(const ArmPlan& arm, const CostModel& model, const StepLog& log) {
  const int size = log.step->fleet_size;
  const bool own = arm.limits.scope == LimitScope::frontend;
  std::unordered_set<std::string> scopes;
  for (const SampleEvent* sample : log.samples) {
    if (own ? !is_frontend_scope(sample->scope) : sample->scope != "fleet") continue;
    scopes.insert(sample->scope);
    const std::int64_t expected =
        own ? model.member_tasks(member_number(sample->scope).value_or(1), size)
            : model.fleet_tasks(size);
    if (sample->tasks != expected)
      return {fmt::format("at {} frontends the measured line gives {} tasks, {} has {}", size,
                          expected, sample->scope, sample->tasks)};
  }
  const std::size_t needed = own ? static_cast<std::size_t>(size) : 1;
  if (scopes.size() != needed)
    return {
        fmt::format("{} of {} scopes were sampled at {} frontends", scopes.size(), needed, size)};
  return {};
}

/// Of the starting fleet, without which there is no prediction. Of one that is reshaped every one:
/// that its line bends is what the guardrail promises.
Findings off_the_line(const ArmPlan& arm, const CostModel& model, const ArmLog& log) {
  const bool reshaped = arm.has(Guardrail::multiplex) || arm.has(Guardrail::cells);
  for (const StepLog& step : log.steps) {
    if (!step.step->settled) continue;
    // A refused thread says nothing about the line, and is judged as what it is.
    if (!step.step->failed.empty()) break;
    Lines found = off_the_line(arm, model, step);
    if (!reshaped) {
      for (std::string& line : found) line.insert(0, "not linear: ");
      return {.contrary = {}, .inconclusive = std::move(found)};
    }
    if (!found.empty()) return {.contrary = std::move(found), .inconclusive = {}};
  }
  return {};
}

template <typename T>
std::string differs(const char* what, const T& predicted, const T& observed) {
  return fmt::format("{}: predicted {}, observed {}", what, predicted, observed);
}

/// A few frontends by their names, more of them by their number.
std::string members(const Lines& names) {
  constexpr std::size_t kNamed = 3;
  return names.size() > kNamed ? std::to_string(names.size())
                               : fmt::format("{}", fmt::join(names, ", "));
}

/// Who fails where every frontend has its own limit: exactly those that were predicted.
Lines different_members(const Prediction& predicted, const Observed& observed,
                        const Lines& failed) {
  Lines found;
  Lines expected;
  for (const int member : predicted.failing) expected.push_back(member_name(member));
  if (!std::is_permutation(expected.begin(), expected.end(), failed.begin(), failed.end()))
    found.push_back(differs("frontends that fail", members(expected), members(failed)));
  const std::string first = predicted.member ? member_name(*predicted.member) : "";
  const auto shown = [](const std::string& name) { return name.empty() ? "several" : name; };
  if (first != observed.member)
    found.push_back(differs("first to fail", shown(first), shown(observed.member)));
  return found;
}

/// How the failure differs from the one that was predicted; empty where it was met.
Lines different_failure(const ArmPlan& arm, const Prediction& predicted, const Observation& seen) {
  const Observed& observed = seen.observed;
  if (!predicted.fleet_size && !observed.fleet_size) return {};
  if (!predicted.fleet_size)
    return {fmt::format("predicted that no frontend fails up to {}, {} failed at {}", arm.fleet.end,
                        observed.frontends_failed, *observed.fleet_size)};
  if (!observed.fleet_size)
    return {fmt::format("predicted a failure at {} frontends, none failed up to {}",
                        *predicted.fleet_size, arm.fleet.end)};
  Lines found;
  if (!fleet_size_as_predicted(predicted, observed.fleet_size))
    found.push_back(
        predicted.fleet_size_most
            ? differs("fleet size",
                      fmt::format("{} to {}", *predicted.fleet_size, *predicted.fleet_size_most),
                      fmt::format("{}", *observed.fleet_size))
            : differs("fleet size", *predicted.fleet_size, *observed.fleet_size));
  if (!threads_as_predicted(predicted, observed.threads, *observed.fleet_size))
    found.push_back(
        differs("threads", predicted.threads.value_or(0), observed.threads.value_or(0)));
  const std::string limit(predicted.limit ? to_string(*predicted.limit) : "none");
  if (limit != observed.limit) found.push_back(differs("limit", limit, observed.limit));
  const bool exact = predicted.fleet_size == observed.fleet_size && !predicted.fleet_size_most;
  if (predicted.scope == LimitScope::frontend && exact) {
    append(found, different_members(predicted, observed, seen.failing->step->failed));
  }
  return found;
}

/// How the observation differs from the prediction; empty where it was met. Where admission keeps
/// the fleet small, nothing fails.
Lines mismatches(const ArmPlan& arm, const Prediction& predicted, const Observation& seen) {
  const Observed& observed = seen.observed;
  Lines found = alarm_mismatches(predicted, observed);
  append(found, admission_mismatches(predicted, observed));
  if (!predicted.admission && !observed.admission) {
    append(found, different_failure(arm, predicted, seen));
  } else if (observed.fleet_size) {
    found.push_back(fmt::format("{} frontends failed at {}, where admission keeps the fleet below",
                                observed.frontends_failed, *observed.fleet_size));
  }
  return found;
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

struct Conclusion {
  Outcome outcome = Outcome::unknown;
  Lines against_contained = {};  ///< what shows that it was not
  Lines missing = {};            ///< what the outcome could not be concluded without
};

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

/// The fleet has grown past the ceiling that it would have had. With staged-build clients notice
/// nothing of that; without it, what a map that is refilled in place costs is no matter of the
/// guardrail.
Conclusion past_the_ceiling(const Experiment& experiment, const ArmPlan& arm, const ArmLog& log,
                            int ceiling) {
  Conclusion found;
  if (arm.has(Guardrail::staged_build)) found = canaries_held(experiment, log, 0);
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

/// The outcome of an arm whose prediction was met.
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

Doubts hold_against(const std::vector<Invariant>& invariants) {
  Doubts found;
  for (const Invariant& invariant : invariants) {
    if (!invariant.judged || invariant.holds == true) continue;
    (invariant.holds ? found.contrary : found.inconclusive)
        .push_back(invariant.name + ": " + invariant.evidence);
  }
  return found;
}

/// Judges one arm, step by step.
class ArmJudge {
 public:
  ArmJudge(const Experiment& experiment, const ArmPlan& arm, const ArmLog& log)
      : experiment_(experiment), log_(log) {
    verdict_.arm = arm;
    verdict_.predicted.scope = counted_scope(arm.limits);
  }

  /// `shared`: the log before the arms.
  ArmVerdict judge(const ArmLog& shared) {
    make_prediction(log_.calibration.empty() ? shared : log_);
    Observation seen = observe(verdict_.arm, log_, verdict_.cost_model);
    add(seen.findings);
    verdict_.observed = seen.observed;
    verdict_.attribution = std::move(seen.attribution);
    verdict_.routable = seen.routable;
    verdict_.invariants = check_invariants(experiment_, verdict_.arm, log_);
    verdict_.clients = count_clients(log_);
    // An observation with gaps can differ from the prediction by its gaps alone.
    if (findings_.inconclusive.empty()) compare(seen);
    add(hold_against(verdict_.invariants));
    verdict_.dependents = judge_dependents(experiment_, verdict_.arm, log_);
    add(hold_against(verdict_.dependents));
    verdict_.recovery = judge_recovery(verdict_.arm, log_);
    add(hold_against(verdict_.arm, log_, verdict_.recovery));
    for (const auto& [client, lines] : client_damage(log_))
      for (const std::string& line : lines)
        findings_.inconclusive.push_back(fmt::format("operations of {}: {}", client, line));
    return decide();
  }

 private:
  void add(const Doubts& more) {
    append(findings_.contrary, more.contrary);
    append(findings_.inconclusive, more.inconclusive);
  }

  void make_prediction(const ArmLog& measured) {
    if (measured.calibration.empty()) {
      findings_.inconclusive.push_back("not linear: the history has no calibration");
      return;
    }
    verdict_.cost_model = fit(measured.calibration);
    if (!verdict_.cost_model) {
      findings_.inconclusive.push_back("not linear: the calibrated fleets lie on no line");
      return;
    }
    verdict_.cost_model = shaped(std::move(*verdict_.cost_model), verdict_.arm);
    add(off_the_line(verdict_.arm, *verdict_.cost_model, log_));
    verdict_.cost_model->host = host_use(measured.host);
    append(findings_.inconclusive, host_drift(verdict_.arm, *verdict_.cost_model, log_));
    verdict_.predicted = predict(verdict_.arm, *verdict_.cost_model);
    if (!verdict_.predicted.doubt.empty())
      findings_.inconclusive.push_back("no prediction: " + verdict_.predicted.doubt);
  }

  void compare(const Observation& seen) {
    const Lines mismatched = mismatches(verdict_.arm, verdict_.predicted, seen);
    append(findings_.contrary, mismatched);
    if (!mismatched.empty()) return;
    const Conclusion concluded = conclude(experiment_, verdict_.arm, log_, verdict_.predicted, seen,
                                          verdict_.invariants.front());
    verdict_.outcome = concluded.outcome;
    add(hold_against(verdict_.arm.expect, concluded));
  }

  ArmVerdict decide() {
    verdict_.verdict = !findings_.contrary.empty()       ? Verdict::refuted
                       : !findings_.inconclusive.empty() ? Verdict::unknown
                                                         : Verdict::confirmed;
    append(verdict_.reasons, findings_.contrary);
    append(verdict_.reasons, findings_.inconclusive);
    return std::move(verdict_);
  }

  const Experiment& experiment_;
  const ArmLog& log_;
  Doubts findings_;
  ArmVerdict verdict_;
};

/// What makes a readable history doubtful as a whole.
Lines foreign_events(const Experiment& experiment, const History& history,
                     const std::map<std::string, ArmLog>& arms) {
  Lines found;
  const RunEvent* run = history.empty() ? nullptr : std::get_if<RunEvent>(&history.front().what);
  if (!run)
    found.push_back("the history does not begin with a run");
  else if (run->experiment != experiment.name)
    found.push_back("the history is of the experiment " + run->experiment);
  for (const auto& [name, log] : arms) {
    const auto same = [&name = name](const ArmPlan& arm) { return arm.name == name; };
    if (!name.empty() && std::none_of(experiment.arms.begin(), experiment.arms.end(), same))
      found.push_back("the experiment has no arm " + name);
  }
  return found;
}

Verdict overall(const RunVerdict& run) {
  const auto any = [&run](Verdict wanted) {
    return std::any_of(run.arms.begin(), run.arms.end(),
                       [wanted](const ArmVerdict& arm) { return arm.verdict == wanted; });
  };
  if (any(Verdict::refuted)) return Verdict::refuted;
  if (any(Verdict::unknown) || !run.damage.empty() || run.arms.empty()) return Verdict::unknown;
  return Verdict::confirmed;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::confirmed:
      return "confirmed";
    case Verdict::refuted:
      return "refuted";
    case Verdict::unknown:
      break;
  }
  return "unknown";
}

RunVerdict unjudged(const ParsedHistory& history) {
  RunVerdict run;
  run.damage = history.damage;
  for (const Event& event : history.events) {
    if (const auto* what = std::get_if<RunEvent>(&event.what)) run.experiment = what->experiment;
    run.elapsed_s = event.t_s;
    const auto same = [&event](const ArmVerdict& arm) { return arm.arm.name == event.arm; };
    if (event.arm.empty() || std::ranges::any_of(run.arms, same)) continue;
    ArmVerdict& arm = run.arms.emplace_back();
    arm.arm.name = event.arm;
    arm.reasons = {"the experiment is missing"};
  }
  return run;
}

RunVerdict judge(const Experiment& experiment, const ParsedHistory& history) {
  const auto arms = sort_by_arm(history.events);
  RunVerdict run;
  run.experiment = experiment.name;
  run.damage = history.damage;
  if (!history.events.empty()) run.elapsed_s = history.events.back().t_s;
  append(run.damage, foreign_events(experiment, history.events, arms));
  const auto shared = arms.find("");
  for (const ArmPlan& arm : experiment.arms) {
    const auto log = arms.find(arm.name);
    if (log == arms.end()) {
      ArmVerdict missing;
      missing.arm = arm;
      missing.reasons = {"the history has nothing of this arm"};
      run.arms.push_back(missing);
      continue;
    }
    run.arms.push_back(ArmJudge(experiment, arm, log->second)
                           .judge(shared == arms.end() ? ArmLog{} : shared->second));
  }
  run.verdict = overall(run);
  return run;
}

}  // namespace ceiling
