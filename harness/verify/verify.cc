#include "harness/verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/predict/host_limit.h"
#include "harness/verify/arm_log.h"
#include "harness/verify/clients.h"
#include "harness/verify/dependents.h"
#include "harness/verify/host_drift.h"
#include "harness/verify/invariants.h"
#include "harness/verify/mismatch.h"
#include "harness/verify/observation.h"
#include "harness/verify/outcome.h"
#include "harness/verify/recovery.h"

namespace ceiling {
namespace {

using Lines = std::vector<std::string>;

void append(Lines& to, const Lines& more) {
  to.insert(to.end(), more.begin(), more.end());
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
    add(hold_against(verdict_.arm, log_, verdict_.dependents));
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
