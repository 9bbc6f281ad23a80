// Writes one document a line on stdout, "<schema> <document>": results of every kind of arm,
// predictions, and the lines of a history.
#include <algorithm>
#include <cstdio>
#include <string>

#include "harness/report/find.h"
#include "harness/report/html.h"
#include "harness/report/repeat.h"
#include "harness/report/report.h"
#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

void print(const char* schema, std::string document) {
  std::replace(document.begin(), document.end(), '\n', ' ');
  std::printf("%s %s\n", schema, document.c_str());
}

void print_course(const Course& course, Outcome expect) {
  const Experiment experiment = experiment_of(course, expect);
  const RunVerdict run = judge(experiment, {story(course), {}});
  print("result", result_json(run));
  const ArmVerdict& arm = run.arms.at(0);
  print("predict", predict_json(experiment, {{arm.arm, *arm.cost_model, arm.predicted}}));
  for (const Event& event : story(course)) print("history", to_json_line(event));
}

void print_all() {
  print_course({}, Outcome::outage);
  print_course({.staged = true}, Outcome::any);
  print_course({.failing = std::nullopt, .limit = 100}, Outcome::not_reached);
  print_course({.name = LimitName::rlimit_nproc}, Outcome::contained);
  print_course({.limit = 70, .scope = LimitScope::fleet, .threads = 70}, Outcome::outage);
  print_course({.threads = 9}, Outcome::prevented);
  print_course({.start = 3,
                .failing = std::nullopt,
                .guardrails = {Guardrail::admission, Guardrail::alarm},
                .kept_out = 7,
                .alarm = 4},
               Outcome::prevented);
  const RunVerdict cut = judge(experiment_of({}, Outcome::outage), {{}, {"line 1: cut"}});
  print("result", result_json(cut));
  const std::vector<RepeatedRun> runs = {{"one", judge_run({}, Outcome::outage, story({}))},
                                         {"two", cut}};
  print("repeat", repeat_json(runs));
  print("history", to_json_line({1, "a", FaultEvent{"exited", "backend-1", "signal 9"}}));
  print("history", to_json_line({1, "a", RefusalEvent{"frontend-1", 4000, 1, 0, "start"}}));
}

RecoveryVerdict recovered(RestartStrategy strategy, std::optional<double> took) {
  return {.plan = {.strategy = strategy, .rate = 2, .remove = {}, .expect_safe = true},
          .fleet_size = 6,
          .completed = took.has_value(),
          .routable_after_s = took,
          .requests = 100,
          .failed_requests = 3,
          .restarts = 6};
}

/// The data of a page, out of it.
std::string data_of(const std::string& page) {
  const std::string open = R"(<script type="application/json" id="data">)";
  const std::size_t from = page.find(open) + open.size();
  return page.substr(from, page.find("</script>", from) - from);
}

/// An arm with everything that a page draws, and a folder of which little is left.
void print_pages() {
  Experiment experiment = experiment_of({}, Outcome::outage);
  experiment.clients.push_back({.kind = "drop-oldest", .rate_per_s = 5, .buffer = 7});
  experiment.arms[0].recovery = recovered(RestartStrategy::paced, {}).plan;
  History history = story({});
  add(history, HealthEvent{"drop-oldest", false, "no route", 3, 1});
  add(history, DependentEndEvent{"drop-oldest", "signal 9", "", {}});
  add(history, RecoveryEvent{"paced", 2, 7});
  add(history, RestartEvent{"frontend-1", "planned"});
  add(history, OpEvent{900, OpPhase::invoke, "put", "frontend-1", "orders", -1, "k", 0});
  add(history, RemovalEvent{"frontend-1", 1004});
  add(history, RestartEvent{"frontend-1", "removed"});
  add(history, RoutableEvent{1.0, 24, 6});
  add(history, RecoveryEndEvent{true, 2, 1});
  const RunVerdict whole = judge(experiment, {history, {}});
  const ShownRun run{whole, &experiment, history, "one"};
  print("page", data_of(report_html({&run, 1})));
  const RunVerdict cut = unjudged({{}, {"experiment.yaml: it is not there"}});
  const History none;
  const ShownRun damaged{cut, nullptr, none, "two", {"experiment.yaml: it is not there"}};
  const ShownRun both[] = {run, damaged};
  print("page", data_of(report_html(both)));
}

void print_recoveries() {
  RunVerdict run = judge(experiment_of({}, Outcome::outage), {story({}), {}});
  run.arms.push_back(run.arms.at(0));
  run.arms[0].recovery = recovered(RestartStrategy::batches, 4.5);
  run.arms[0].recovery->plan.expect_back = {"status-page"};
  run.arms[0].attribution.ruled_out["RLIMIT_AS"] = "40 of 64 in use at most";
  run.arms[0].dependents = {
      {.name = "status-page", .kind = "status-page", .back = true, .back_after_s = 2.5}};
  run.arms[1].recovery = recovered(RestartStrategy::all_at_once, std::nullopt);
  print("result", result_json(run));
  print("history", to_json_line({1, "a", RecoveryEvent{"paced", 2, 7}}));
  print("history", to_json_line({1, "a", RestartEvent{"frontend-1", "removed"}}));
  print("history", to_json_line({1, "a", RemovalEvent{"frontend-1", 1004}}));
  print("history", to_json_line({1, "a", RecoveryEndEvent{true, 7, 1}}));
}

FindTrial trial(std::optional<std::int64_t> value, TrialOutcome outcome) {
  FindTrial trial;
  trial.value = value;
  trial.outcome = outcome;
  trial.status = 3;
  trial.refusals = 1;
  trial.peak = 5;
  trial.last_lines = {"one", "two"};
  return trial;
}

void print_searches() {
  FindResult found;
  found.command = {"/bin/true"};
  found.limit = "pids.max";
  found.unit = "tasks";
  found.user = "root";
  found.first = 1;
  found.last = 10;
  found.unlimited = trial(std::nullopt, TrialOutcome::healthy);
  for (const TrialOutcome outcome :
       {TrialOutcome::healthy, TrialOutcome::unnoticed, TrialOutcome::degraded, TrialOutcome::hung,
        TrialOutcome::crashed, TrialOutcome::refused_to_start}) {
    found.trials.push_back(trial(5, outcome));
    print("history",
          to_json_line({1, "trial-1-5", OutcomeEvent{std::string(to_string(outcome)), "why"}}));
  }
  found.smallest_healthy = 5;
  found.below = TrialOutcome::hung;
  print("find", find_json(found));
  found.answer = SearchAnswer::healthy_everywhere;
  found.smallest_healthy = std::nullopt;
  found.below = std::nullopt;
  found.flaky = {5};
  found.trials[0].signal = 9;
  found.trials[0].status = std::nullopt;
  print("find", find_json(found));
  print("history", to_json_line({1, "unlimited", TrialEvent{"pids.max", std::nullopt}}));
  print("history", to_json_line({1, "trial-1-5", ReadyEvent{"tcp"}}));
  print("history", to_json_line({1, "trial-1-5", ProbeEvent{false, -1, ""}}));
}

}  // namespace
}  // namespace ceiling::test

int main() {
  ceiling::test::print_all();
  ceiling::test::print_recoveries();
  ceiling::test::print_pages();
  ceiling::test::print_searches();
}
