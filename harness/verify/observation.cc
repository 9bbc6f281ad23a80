#include "harness/verify/observation.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "harness/predict/host_limit.h"
#include "harness/verify/attribution.h"
#include "harness/verify/ruled_out.h"

namespace ceiling {
namespace {

using Names = std::unordered_set<std::string>;

/// Index of the first step at which a frontend failed, or the number of steps.
std::size_t failing_index(const ArmLog& log) {
  const auto failed = [](const StepLog& s) { return s.step->settled && !s.step->failed.empty(); };
  const auto found = std::find_if(log.steps.begin(), log.steps.end(), failed);
  return static_cast<std::size_t>(found - log.steps.begin());
}

/// Index of the step in which an addition was refused, or the number of steps.
std::size_t refused_index(const ArmLog& log) {
  const auto found = std::find_if(log.steps.begin(), log.steps.end(),
                                  [](const StepLog& s) { return !s.admissions.empty(); });
  return static_cast<std::size_t>(found - log.steps.begin());
}

/// A step whose events contradict each other, or that did not come to its end.
std::vector<std::string> step_findings(const StepLog& log) {
  const StepEvent& step = *log.step;
  std::vector<std::string> found;
  if (!step.settled)
    found.push_back(
        fmt::format("the step to {} did not settle in its time limit", step.fleet_size));
  else if (step.failed.empty() && step.in_service != step.fleet_size)
    found.push_back(fmt::format("at {} frontends only {} were in service, and none failed",
                                step.fleet_size, step.in_service));
  const Names failed(step.failed.begin(), step.failed.end());
  for (const RefusalEvent* refusal : log.refusals)
    if (step.settled && !failed.contains(refusal->frontend))
      found.push_back(fmt::format("{} reported a refusal in the step to {}, and did not fail",
                                  refusal->frontend, step.fleet_size));
  return found;
}

/// Up to the first failure every step is to the next planned size, or to one that the fleet had
/// before: a fleet that is kept up may shrink. What it is told to do after its failure is no part
/// of the experiment.
std::vector<std::string> order_findings(const ArmPlan& arm, const ArmLog& log) {
  const std::vector<int> planned = arm.fleet.sizes();
  const std::size_t end = std::min(log.steps.size(), failing_index(log) + 1);
  int before = 0;
  for (std::size_t i = 0; i < end; ++i) {
    const int size = log.steps[i].step->fleet_size;
    const auto next = std::upper_bound(planned.begin(), planned.end(), before);
    // Who was kept out is no part of the step, which stays where the last one that fits left it.
    if (!log.steps[i].admissions.empty()) break;
    if (size > before && (next == planned.end() || *next != size)) {
      const std::string expected = next == planned.end() ? "its end" : std::to_string(*next);
      return {fmt::format("the history has a step to {} where the plan has {}", size, expected)};
    }
    before = size;
  }
  return {};
}

int largest_size(const ArmLog& log) {
  int largest = 0;
  for (const StepLog& step : log.steps) largest = std::max(largest, step.step->fleet_size);
  return largest;
}

/// What the steps and the end of the arm say of guardrails, and no event does.
std::vector<std::string> missing_guardrail_events(const ArmLog& log) {
  Names raised;
  for (const StepLog& step : log.steps) {
    for (const AlarmEvent* alarm : step.alarms) raised.insert(alarm->frontend);
    if (std::cmp_less(raised.size(), step.step->alarms))
      return {fmt::format("at {} frontends {} had raised an alarm, the history has {}",
                          step.step->fleet_size, step.step->alarms, raised.size())};
  }
  if (log.end && log.end->reason == ArmEndEvent::kAdditionRefused &&
      refused_index(log) == log.steps.size())
    return {"an addition was refused, and the history does not say which"};
  return {};
}

/// A fleet that somebody took a process from, or gave one back, is not the one that was predicted.
std::vector<std::string> done_by_hand(const StepLog& log) {
  std::vector<std::string> found;
  for (const FaultEvent* fault : log.faults)
    if (fault->kind == FaultEvent::kKilled || fault->kind == FaultEvent::kRestarted)
      found.push_back(fmt::format("{} was {} by hand", fault->target, fault->kind));
  return found;
}

std::vector<std::string> course_findings(const ArmPlan& arm, const ArmLog& log) {
  std::vector<std::string> found = order_findings(arm, log);
  std::ranges::copy(missing_guardrail_events(log), std::back_inserter(found));
  for (const StepLog& step : log.steps)
    std::ranges::copy(done_by_hand(step), std::back_inserter(found));
  for (const StepLog& step : log.steps)
    std::ranges::copy(step_findings(step), std::back_inserter(found));
  if (!log.end)
    found.push_back("the arm has no end: the history was cut short");
  else if (!log.end->completed)
    found.push_back("the arm did not come to its end: " + log.end->reason);
  else if (log.steps.empty())
    found.push_back("the arm has no steps");
  else if (failing_index(log) == log.steps.size() && refused_index(log) == log.steps.size() &&
           largest_size(log) != arm.fleet.end)
    found.push_back(fmt::format("the arm ended at {} frontends, before a failure and before {}",
                                largest_size(log), arm.fleet.end));
  return found;
}

/// The limit whose samples count the tasks: the one that refused, else the one that was set.
std::string_view counting_limit(const ArmPlan& arm, const Attribution& attribution) {
  if (!attribution.limit.empty()) return attribution.limit;
  if (const auto host = host_limit(arm.limits)) return to_string(*host);
  return to_string(arm.limits.sets(LimitName::pids_max) || !arm.limits.sets(LimitName::rlimit_nproc)
                       ? LimitName::pids_max
                       : LimitName::rlimit_nproc);
}

/// Frontends that failed because there was no cache server.
Names without_source(const StepLog& failing) {
  Names found;
  for (const FaultEvent* fault : failing.faults) {
    if (fault->kind == FaultEvent::kNoSource) found.insert(fault->target);
  }
  return found;
}

/// Every frontend that failed must have said why.
std::vector<std::string> silent_failures(LimitScope scope, const StepLog& failing) {
  std::vector<std::string> found;
  Names refused;
  for (const RefusalEvent* refusal : failing.refusals) refused.insert(refusal->frontend);
  const Names no_source = without_source(failing);
  for (const std::string& name : failing.step->failed) {
    if (refused.contains(name) || no_source.contains(name)) continue;
    if (const FaultEvent* fault = failing.fault_of(name))
      found.push_back(
          fmt::format("{} failed without a refusal: {} {}", name, fault->kind, fault->detail));
    else if (scope == LimitScope::frontend || refused.empty())
      found.push_back(name + " failed without reporting a refusal");
  }
  return found;
}

/// Frontends' own counts against the kernel's. In a shared scope theirs are parts of it.
std::vector<std::string> misreports(LimitScope scope, const StepLog& failing,
                                    std::string_view limit) {
  std::vector<std::string> found;
  for (const RefusalEvent* refusal : failing.refusals) {
    const bool own = scope == LimitScope::frontend;
    const SampleEvent* sample = failing.sample(own ? refusal->process() : to_string(scope), limit);
    if (!sample) continue;
    if (own ? refusal->tasks != sample->tasks : refusal->tasks > sample->tasks)
      found.push_back(fmt::format("{} reports {} tasks, the kernel counts {} in {}",
                                  refusal->process(), refusal->tasks, sample->tasks,
                                  own                         ? "its group"
                                  : scope == LimitScope::host ? "the whole host"
                                  : scope == LimitScope::pid_namespace
                                      ? "the pid namespace"
                                      : "the group of the whole fleet"));
  }
  return found;
}

class Observer {
 public:
  Observer(const ArmPlan& arm, const ArmLog& log, const std::optional<CostModel>& model)
      : arm_(arm),
        log_(log),
        model_(model),
        failing_(failing_index(log)),
        turning_(std::min(failing_, refused_index(log))) {}

  Observation take() {
    if (failing_ < log_.steps.size()) observe_failure();
    observe_guardrails();
    observe_routable();
    inconclusive(course_findings(arm_, log_));
    return std::move(seen_);
  }

 private:
  void contrary(const std::vector<std::string>& found) {
    std::copy(found.begin(), found.end(), std::back_inserter(seen_.findings.contrary));
  }
  void inconclusive(const std::vector<std::string>& found) {
    std::copy(found.begin(), found.end(), std::back_inserter(seen_.findings.inconclusive));
  }
  void observe_failure();
  void count_threads();
  void observe_guardrails();
  void observe_routable();

  const ArmPlan& arm_;
  const ArmLog& log_;
  const std::optional<CostModel>& model_;
  const std::size_t failing_;
  const std::size_t turning_;
  Observation seen_;
};

void Observer::observe_failure() {
  const StepLog& failing = log_.steps[failing_];
  const LimitScope scope = counted_scope(arm_.limits);
  seen_.failing = &failing;
  seen_.attribution =
      attribute(arm_.limits, model_, failing_ > 0 ? &log_.steps[failing_ - 1] : nullptr, failing);
  seen_.attribution.ruled_out = ruled_out(arm_.limits, model_, seen_.attribution, failing);
  seen_.observed.fleet_size = failing.step->fleet_size;
  seen_.observed.frontends_failed = static_cast<int>(failing.step->failed.size());
  seen_.observed.limit = seen_.attribution.limit;
  if (!failing.refusals.empty()) {
    seen_.observed.error = failing.refusals.front()->error;
    seen_.observed.failure = failing.refusals.front()->phase;
    seen_.observed.of_cache = !failing.refusals.front()->server.empty();
    const std::vector<std::string> first = failing.first_refused();
    if (scope == LimitScope::frontend && first.size() == 1) seen_.observed.member = first.front();
  }
  if (seen_.attribution.limit == to_string(LimitName::memory_max) ||
      seen_.attribution.limit == to_string(LimitName::overcommit_memory)) {
    const bool killed = seen_.attribution.limit == to_string(LimitName::memory_max);
    if (seen_.observed.failure.empty()) seen_.observed.failure = killed ? "killed" : "exited";
    return;
  }
  if (const Names names = without_source(failing); !names.empty()) {
    seen_.observed.failure = "build";
    const std::string line =
        fmt::format("{} of {} frontends had no source of maps: no cache server was there",
                    names.size(), failing.step->fleet_size);
    const bool by_hand = std::ranges::any_of(
        log_.steps, [](const StepLog& step) { return !done_by_hand(step).empty(); });
    by_hand ? inconclusive({line}) : contrary({line});
  }
  count_threads();
  contrary(misreports(scope, failing, counting_limit(arm_, seen_.attribution)));
  inconclusive(silent_failures(scope, failing));
  if (!failing.refusals.empty() && seen_.attribution.limit.empty())
    inconclusive({"refusal without a limit at its count"});
}

/// The tasks in the limit's scope. Where every frontend has its own, they must agree.
void Observer::count_threads() {
  const std::string_view limit = counting_limit(arm_, seen_.attribution);
  const SampleEvent* first = nullptr;
  for (const std::string& scope : limited_scopes(arm_.limits, *seen_.failing)) {
    const bool shared = counted_scope(arm_.limits) != LimitScope::frontend;
    const SampleEvent* sample = shared ? seen_.failing->sample_at_refusal(scope, limit)
                                       : seen_.failing->sample(scope, limit);
    if (!sample)
      return inconclusive({fmt::format("no sample of {} in {} at the failing step", limit, scope)});
    if (!first) first = sample;
    if (sample->tasks != first->tasks && !seen_.attribution.limit.empty()) {
      contrary({fmt::format("the kernel counts {} tasks in {}, but {} in {}", first->tasks,
                            first->scope, sample->tasks, scope)});
      break;
    }
  }
  seen_.observed.threads = first->tasks;
}

void Observer::observe_guardrails() {
  seen_.turning = turning_;
  for (const StepLog& step : log_.steps) {
    if (!seen_.observed.admission && !step.admissions.empty())
      seen_.observed.admission = *step.admissions.front();
    if (seen_.observed.alarm || step.alarms.empty()) continue;
    seen_.observed.alarm = *step.alarms.front();
    seen_.observed.alarm_step = step.step->fleet_size;
  }
}

void Observer::observe_routable() {
  std::size_t from = turning_;
  for (std::size_t i = 0; i < turning_; ++i)
    if (log_.steps[i].complete()) from = i;
  for (std::size_t i = from; i < log_.steps.size(); ++i) {
    for (const RoutableEvent* sweep : log_.steps[i].sweeps) {
      if (sweep->pairs <= 0) continue;  // nobody was asked: says nothing
      if (i < turning_) seen_.routable.before = sweep->share;
      seen_.routable.lowest = std::min(seen_.routable.lowest.value_or(1.0), sweep->share);
      seen_.routable.after = sweep->share;
      if (i >= turning_)
        seen_.lowest_after_failing =
            std::min(seen_.lowest_after_failing.value_or(1.0), sweep->share);
    }
  }
}

}  // namespace

Observation observe(const ArmPlan& arm, const ArmLog& log, const std::optional<CostModel>& model) {
  return Observer(arm, log, model).take();
}

}  // namespace ceiling
