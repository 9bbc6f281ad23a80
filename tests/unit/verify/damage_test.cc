#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

using testing::ElementsAre;

const Course kUnguarded;
const Course kStaged{.arm = "staged-build", .staged = true};
const Course kKept{.start = 3,
                   .failing = std::nullopt,
                   .guardrails = {Guardrail::admission, Guardrail::alarm},
                   .kept_out = 7,
                   .alarm = 4};

TEST(Run, IsConfirmedWhenEveryArmIs) {
  const RunVerdict run = judge_run(kUnguarded, Outcome::outage, story(kUnguarded));
  EXPECT_EQ(run.verdict, Verdict::confirmed);
  EXPECT_EQ(run.experiment, "kinesis-2020");
  EXPECT_GT(run.elapsed_s, 0);
  EXPECT_THAT(run.damage, ElementsAre());
}

struct TwoArms {
  Experiment experiment = experiment_of(kUnguarded, Outcome::outage);
  ParsedHistory history{story(kUnguarded), {}};

  TwoArms() {
    experiment.arms.push_back(experiment_of(kStaged, Outcome::contained).arms[0]);
    const History second = story(kStaged);
    history.events.insert(history.events.end(), second.begin() + 3, second.end());
  }
};

TEST(Run, ArmsAreJudgedApart) {
  TwoArms two;
  EXPECT_EQ(judge(two.experiment, two.history).verdict, Verdict::confirmed);
  two.experiment.arms[1].expect = Outcome::outage;
  const RunVerdict run = judge(two.experiment, two.history);
  EXPECT_EQ(run.verdict, Verdict::refuted);
  EXPECT_EQ(run.arms[0].verdict, Verdict::confirmed);
}

TEST(Run, ARefutedArmOutweighsAnUnknownOne) {
  TwoArms two;
  two.history.events.pop_back();
  EXPECT_EQ(judge(two.experiment, two.history).verdict, Verdict::unknown);
  two.experiment.arms[0].expect = Outcome::contained;
  EXPECT_EQ(judge(two.experiment, two.history).verdict, Verdict::refuted);
}

TEST(Run, AnArmThatNeverRanIsUnknown) {
  TwoArms two;
  two.history.events = story(kUnguarded);
  const RunVerdict run = judge(two.experiment, two.history);
  EXPECT_EQ(run.verdict, Verdict::unknown);
  EXPECT_EQ(summary(run.arms.at(1)), "unknown unknown: the history has nothing of this arm");
}

TEST(Run, ADamagedLineMakesItUnknown) {
  const RunVerdict run = judge(experiment_of(kUnguarded, Outcome::outage),
                               {story(kUnguarded), {"line 17: not JSON, or cut short"}});
  EXPECT_EQ(run.verdict, Verdict::unknown);
  EXPECT_THAT(run.damage, ElementsAre("line 17: not JSON, or cut short"));
}

TEST(Run, AnEmptyHistoryIsUnknown) {
  EXPECT_EQ(judge_run(kUnguarded, Outcome::any, {}).verdict, Verdict::unknown);
}

TEST(Run, TheHistoryOfAnotherExperimentIsUnknown) {
  History history = story(kUnguarded);
  each<RunEvent>(history, [](RunEvent& e) { e.experiment = "nproc"; });
  EXPECT_THAT(judge_run(kUnguarded, Outcome::outage, history).damage,
              ElementsAre("the history is of the experiment nproc"));
  history.erase(history.begin());
  EXPECT_EQ(judge_run(kUnguarded, Outcome::outage, history).verdict, Verdict::unknown);
  history = story(kUnguarded);
  history.push_back({9, "other", ArmEndEvent{"", true}});
  EXPECT_THAT(judge_run(kUnguarded, Outcome::outage, history).damage,
              ElementsAre("the experiment has no arm other"));
}

// Whatever single line is lost, the run is never confirmed, and never refuted by the loss alone.
TEST(Run, ALostLineNeverConfirmsAndNeverRefutes) {
  for (const Course& course : {kUnguarded, kStaged, kKept}) {
    const Outcome expect = course.staged     ? Outcome::contained
                           : course.kept_out ? Outcome::prevented
                                             : Outcome::outage;
    const History whole = story(course);
    for (std::size_t lost = 0; lost < whole.size(); ++lost) {
      ParsedHistory history{whole, {"line " + std::to_string(lost + 1) + ": cut short"}};
      history.events.erase(history.events.begin() + static_cast<std::ptrdiff_t>(lost));
      const RunVerdict run = judge(experiment_of(course, expect), history);
      EXPECT_EQ(run.verdict, Verdict::unknown) << to_json_line(whole[lost]) << "\n"
                                               << summary(run.arms.at(0));
    }
  }
}

// A run that was killed leaves the beginning of a good history, without a damaged line.
TEST(Run, ACutHistoryIsUnknownWhereverItWasCut) {
  History history = story(kUnguarded);
  while (!history.empty()) {
    history.pop_back();
    EXPECT_EQ(judge_run(kUnguarded, Outcome::outage, history).verdict, Verdict::unknown)
        << history.size();
  }
}

TEST(Arm, AStepThatDidNotSettleIsUnknown) {
  History history = story(kUnguarded);
  each<StepEvent>(history, [](StepEvent& e) { e.settled = e.fleet_size != 5; });
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::outage, history)),
            "unknown unknown: the step to 5 did not settle in its time limit");
}

TEST(Arm, AStepWithFrontendsOutOfServiceIsUnknown) {
  History history = story(kUnguarded);
  each<StepEvent>(history, [](StepEvent& e) {
    if (e.fleet_size == 5) --e.in_service;
  });
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::outage, history)),
            "unknown unknown: at 5 frontends only 4 were in service, and none failed");
}

TEST(Arm, AnArmThatWasCutShortSaysWhy) {
  History history = story(kUnguarded);
  each<ArmEndEvent>(history, [](ArmEndEvent& e) { e = {"interrupted", false}; });
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::outage, history)),
            "unknown unknown: the arm did not come to its end: interrupted");
}

TEST(Arm, CalibrationOffTheLineIsUnknown) {
  History history = story(kUnguarded);
  each<CalibrationEvent>(history, [](CalibrationEvent& e) { e.tasks[0] += e.fleet_size == 3; });
  const ArmVerdict arm = judge_arm(kUnguarded, Outcome::outage, history);
  EXPECT_EQ(summary(arm), "unknown unknown: not linear: the calibrated fleets lie on no line");
  EXPECT_FALSE(arm.cost_model);
  EXPECT_FALSE(arm.predicted.fleet_size);
  remove<CalibrationEvent>(history);
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::outage, history)),
            "unknown unknown: not linear: the history has no calibration");
}

TEST(Arm, AStartingFleetOffTheLineIsUnknown) {
  History history = story(kUnguarded);
  each<SampleEvent>(history, [](SampleEvent& e) {
    if (e.scope == "frontend-2" && e.tasks == 8) e.tasks = 9;
  });
  EXPECT_EQ(
      summary(judge_arm(kUnguarded, Outcome::outage, history)),
      "unknown unknown: not linear: at 4 frontends the measured line gives 8 tasks, frontend-2 "
      "has 9");
}

TEST(Arm, ItsOwnCalibrationIsTakenFirst) {
  History history = story(kUnguarded);
  each<CalibrationEvent>(history, [](CalibrationEvent& e) { e.tasks.assign(e.tasks.size(), 40); });
  const auto own = [&](int size, std::int64_t tasks) {
    history.insert(history.begin() + 1,
                   Event{0, "unguarded",
                         CalibrationEvent{size, std::vector<std::int64_t>(
                                                    static_cast<std::size_t>(size), tasks)}});
  };
  own(2, 6);
  own(3, 7);
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::outage, history)), "confirmed outage");
}

// A run of minutes at full rate: judging must stay linear in the events.
TEST(Run, ALongHistoryIsReadAndJudgedInSeconds) {
  History history = story(kUnguarded);
  each<AuditEvent>(history, [](AuditEvent& e) { e.records += 100000; });
  const Event last = history.back();
  history.pop_back();
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const std::string key = "k" + std::to_string(i);
    OpEvent op{1000 + i, OpPhase::invoke, "put", "frontend-1",
               "orders", shard_of(key),   key,   1000 + i};
    for (const char* kind : {"invoke", "put", "audit"}) {
      op.kind = kind == std::string("audit") ? "audit" : "put";
      op.phase = kind == std::string("invoke") ? OpPhase::invoke : OpPhase::ok;
      history.push_back({last.t_s, last.arm, op});
    }
  }
  history.push_back(last);
  std::string text;
  for (const Event& event : history) text += to_json_line(event) + "\n";

  const auto start = std::chrono::steady_clock::now();
  const RunVerdict run = judge(experiment_of(kUnguarded, Outcome::outage), parse_history(text));
  const auto taken = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(run.verdict, Verdict::confirmed);
  // 2 s in a release build, 35 s without optimisation under sanitizers.
  EXPECT_LT(std::chrono::duration<double>(taken).count(), 175);
}

}  // namespace
}  // namespace ceiling::test
