#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

const Course kUnguarded;
const Course kStaged{.arm = "staged-build", .staged = true};
const Course kRoomy{.failing = std::nullopt, .limit = 100};
const Course kNprocCourse{.name = LimitName::rlimit_nproc};

TEST(Outage, IsConfirmedWhenAllIsAsPredicted) {
  const ArmVerdict arm = judge_arm(kUnguarded, Outcome::outage);
  EXPECT_EQ(summary(arm), "confirmed outage");
  ASSERT_TRUE(arm.cost_model);
  EXPECT_EQ(arm.cost_model->base, 5);
  EXPECT_EQ(arm.cost_model->per_peer, 1);
  EXPECT_EQ(arm.predicted.fleet_size, 7);
  EXPECT_EQ(arm.observed.fleet_size, 7);
  EXPECT_EQ(arm.observed.threads, 10);
  EXPECT_EQ(arm.observed.limit, "pids.max");
  EXPECT_EQ(arm.observed.error, EAGAIN);
  EXPECT_EQ(arm.observed.frontends_failed, 7);
  EXPECT_EQ(arm.observed.failure, "build");
  EXPECT_EQ(arm.routable.before, 1.0);
  EXPECT_EQ(arm.routable.lowest, 0.0);
  EXPECT_EQ(arm.routable.after, 0.0);
}

TEST(Outage, AnArmWithAnotherExpectationIsRefuted) {
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::contained)),
            "refuted outage: expected contained, the outcome is outage; "
            "no-wrong-map: frontend-1 published version 7, which is not complete");
  EXPECT_EQ(judge_arm(kUnguarded, Outcome::not_reached).verdict, Verdict::refuted);
}

TEST(Outage, AnyJudgesThePredictionAlone) {
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::any)), "confirmed outage");
  History history = story(kUnguarded);
  remove<RoutableEvent>(history);
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::any, history)), "confirmed unknown");
}

TEST(Outage, WithoutASweepIsUnknown) {
  History history = story(kUnguarded);
  remove<RoutableEvent>(history, [](const RoutableEvent& e) { return e.fleet_size == 7; });
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::outage, history)),
            "unknown unknown: no sweep after the failing step");
  history = story(kUnguarded);
  each<RoutableEvent>(history, [](RoutableEvent& e) { e.pairs = 0; });
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::outage, history)),
            "unknown unknown: no sweep at the last complete step");
}

TEST(Outage, ShardsThatWereLostBeforeTheCeilingAreNotItsOutage) {
  History history = story(kUnguarded);
  each<RoutableEvent>(history, [](RoutableEvent& e) { e.share = std::min(e.share, 0.5); });
  const ArmVerdict arm = judge_arm(kUnguarded, Outcome::outage, history);
  EXPECT_EQ(summary(arm),
            "unknown unknown: only 0.5000 of the shards were routable before the failing step");
}

TEST(Outage, TheLowestSweepCounts) {
  History history = story(kUnguarded);
  add(history, RoutableEvent{0.25, 28, 7});
  const ArmVerdict arm = judge_arm(kUnguarded, Outcome::outage, history);
  EXPECT_EQ(arm.routable.lowest, 0.0);
  EXPECT_EQ(arm.routable.after, 0.25);
}

TEST(Contained, IsConfirmedWhenNothingWasNoticed) {
  const ArmVerdict arm = judge_arm(kStaged, Outcome::contained);
  EXPECT_EQ(summary(arm), "confirmed contained");
  EXPECT_EQ(arm.observed.frontends_failed, 7);
  EXPECT_EQ(arm.routable.lowest, 1.0);
}

TEST(Contained, AnArmThatExpectsAnOutageIsRefuted) {
  EXPECT_EQ(summary(judge_arm(kStaged, Outcome::outage)),
            "refuted contained: expected outage, the outcome is contained");
}

TEST(Contained, OneFailedCanaryRefutes) {
  for (const OpPhase phase : {OpPhase::fail, OpPhase::unknown}) {
    History history = story(kStaged);
    add(history, OpEvent{99, OpPhase::invoke, "get", "frontend-2", "orders", 1, "", 0});
    add(history, OpEvent{99, phase, "get", "frontend-2", "orders", 1, "", 0});
    EXPECT_EQ(summary(judge_arm(kStaged, Outcome::contained, history)),
              "refuted unknown: 1 canary operations failed, first get 99 through frontend-2");
    EXPECT_EQ(judge_arm(kStaged, Outcome::outage, history).verdict, Verdict::unknown);
  }
}

TEST(Contained, CanariesBeforeTheFirstFrontendIsInServiceAreForgiven) {
  History history = story(kStaged);
  const OpEvent early{99, OpPhase::invoke, "put", "frontend-1", "orders", -1, "k", 0};
  OpEvent failed = early;
  failed.phase = OpPhase::fail;
  history.insert(history.begin() + 3, Event{0, kStaged.arm, early});
  add(history, failed);  // it may end long after
  EXPECT_EQ(summary(judge_arm(kStaged, Outcome::contained, history)), "confirmed contained");
}

TEST(Contained, WithoutCanariesItIsUnknown) {
  History history = story(kStaged);
  remove<OpEvent>(history);
  each<AuditEvent>(history, [](AuditEvent& e) { e.records = 0; });
  const ArmVerdict arm = judge_arm(kStaged, Outcome::contained, history);
  EXPECT_EQ(arm.verdict, Verdict::unknown);
  EXPECT_THAT(arm.reasons, testing::Contains("no canary operation was seen"));
}

TEST(Contained, ACanaryThatNeverEndedMakesItUnknown) {
  History history = story(kStaged);
  add(history, OpEvent{99, OpPhase::invoke, "get", "frontend-2", "orders", 1, "", 0});
  EXPECT_EQ(summary(judge_arm(kStaged, Outcome::contained, history)),
            "unknown unknown: 1 canary operations never ended");
}

TEST(Contained, OneShardLostInOneSweepRefutes) {
  History history = story(kStaged);
  each<RoutableEvent>(history, [](RoutableEvent& e) {
    if (e.fleet_size == 7) e.share = 0.99;
  });
  EXPECT_EQ(summary(judge_arm(kStaged, Outcome::contained, history)),
            "refuted outage: expected contained, the outcome is outage");
}

TEST(NotReached, IsConfirmedWhenItWasPredicted) {
  const ArmVerdict arm = judge_arm(kRoomy, Outcome::not_reached);
  EXPECT_EQ(summary(arm), "confirmed not-reached");
  EXPECT_FALSE(arm.predicted.fleet_size);
  EXPECT_FALSE(arm.observed.fleet_size);
  EXPECT_EQ(arm.attribution.limit, "");
}

TEST(NotReached, IsRefutedWhereAnOutageIsExpected) {
  EXPECT_EQ(summary(judge_arm(kRoomy, Outcome::outage)),
            "refuted not-reached: expected outage, the outcome is not-reached");
}

TEST(NotReached, IsRefutedWhenAFailureWasPredicted) {
  Course tight = kRoomy;
  tight.limit = 10;
  EXPECT_EQ(summary(judge_arm(tight, Outcome::not_reached)),
            "refuted unknown: predicted a failure at 7 frontends, none failed up to 12");
}

TEST(NotReached, AFailureThatWasNotPredictedRefutes) {
  Course course = kUnguarded;
  course.end = 7;
  course.limit = course.threads = 11;
  EXPECT_EQ(summary(judge_arm(course, Outcome::outage)),
            "refuted unknown: predicted that no frontend fails up to 7, 7 failed at 7");
}

TEST(NotReached, IsUnknownWhenTheFleetStoppedEarly) {
  History history = story(kRoomy);
  remove<StepEvent>(history, [](const StepEvent& e) { return e.fleet_size == 12; });
  EXPECT_EQ(summary(judge_arm(kRoomy, Outcome::not_reached, history)),
            "unknown unknown: the arm ended at 11 frontends, before a failure and before 12");
}

TEST(Prevented, IsNeverConcludedWithoutAGuardrailThatPrevents) {
  EXPECT_EQ(judge_arm(kRoomy, Outcome::prevented).verdict, Verdict::refuted);
  History history = story(kRoomy);
  remove<ArmEndEvent>(history);
  EXPECT_EQ(judge_arm(kRoomy, Outcome::prevented, history).verdict, Verdict::unknown);
}

TEST(Prediction, AnotherFleetSizeOrThreadCountRefutes) {
  Course late = kUnguarded;
  late.failing = 8;
  EXPECT_EQ(summary(judge_arm(late, Outcome::outage)),
            "refuted unknown: fleet size: predicted 7, observed 8");
  Course more = kUnguarded;
  more.threads = 11;
  EXPECT_EQ(summary(judge_arm(more, Outcome::outage)),
            "refuted unknown: threads: predicted 10, observed 11");
}

TEST(Prediction, EveryFrontendOfTheFailingSizeMustFail) {
  History history = story(kUnguarded);
  each<StepEvent>(history, [](StepEvent& e) {
    if (e.fleet_size == 7) e.failed.pop_back();
  });
  remove<RefusalEvent>(history, [](const RefusalEvent& e) { return e.frontend == "frontend-7"; });
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::outage, history)),
            "refuted unknown: frontends that fail: predicted 7, observed 6");
}

TEST(Prediction, AnotherLimitRefutes) {
  Course course = kNprocCourse;
  Experiment experiment = experiment_of(course, Outcome::outage);
  experiment.arms[0].limits = {};
  experiment.arms[0].limits.set(LimitName::pids_max, 10);
  const ArmVerdict arm = judge(experiment, {story(course), {}}).arms[0];
  EXPECT_EQ(summary(arm), "refuted unknown: limit: predicted pids.max, observed RLIMIT_NPROC");
}

TEST(Drift, TheMemberThatWasPredictedFailsAlone) {
  for (const LimitName name : {LimitName::pids_max, LimitName::rlimit_nproc}) {
    const ArmVerdict arm = judge_arm({.name = name, .drifted = 3}, Outcome::outage);
    EXPECT_EQ(summary(arm), "confirmed outage");
    EXPECT_EQ(arm.predicted.member, 3);
    EXPECT_EQ(arm.observed.member, "frontend-3");
    EXPECT_EQ(arm.observed.frontends_failed, 1);
    EXPECT_EQ(arm.attribution.limit, to_string(name));
  }
}

TEST(Drift, AnotherMemberRefutes) {
  const Course course{.drifted = 3};
  EXPECT_EQ(
      summary(judge(experiment_of({.drifted = 4}, Outcome::outage), {story(course), {}}).arms[0]),
      "refuted unknown: frontends that fail: predicted frontend-4, observed frontend-3; "
      "first to fail: predicted frontend-4, observed frontend-3");
}

TEST(Drift, MoreThanTheOneMemberRefutes) {
  EXPECT_EQ(summary(judge(experiment_of({.drifted = 3}, Outcome::outage), {story({}), {}}).arms[0]),
            "refuted unknown: frontends that fail: predicted frontend-3, observed 7; first to "
            "fail: predicted frontend-3, observed several");
}

TEST(FleetScope, OneFailureIsEnoughAndTheSharedCountIsExact) {
  const Course shared{.limit = 70, .scope = LimitScope::fleet, .threads = 70};
  const ArmVerdict arm = judge_arm(shared, Outcome::outage);
  EXPECT_EQ(summary(arm), "confirmed outage");
  EXPECT_EQ(arm.observed.frontends_failed, 1);
  EXPECT_EQ(arm.observed.threads, 70);
}

TEST(FleetScope, AMainProcessThatEnteredAFullGroupIsCounted) {
  Course full{.limit = 60, .scope = LimitScope::fleet, .threads = 61};
  EXPECT_EQ(summary(judge_arm(full, Outcome::outage)), "confirmed outage");
  full.threads = 60;
  EXPECT_EQ(summary(judge_arm(full, Outcome::outage)),
            "refuted unknown: threads: predicted 61, observed 60");
}

TEST(FleetScope, MainProcessesThatJoinAfterTheFirstRefusalDoNotCount) {
  const Course shared{.limit = 70, .scope = LimitScope::fleet, .threads = 70};
  History history = story(shared);
  const auto step = std::find_if(history.begin(), history.end(), [](const Event& event) {
    const auto* what = std::get_if<StepEvent>(&event.what);
    return what && what->fleet_size == 7;
  });
  history.insert(step, Event{0, shared.arm, SampleEvent{"fleet", "pids.max", "/f", 70, 73, 4}});
  EXPECT_EQ(summary(judge_arm(shared, Outcome::outage, history)), "confirmed outage");
}

TEST(FleetScope, AFrontendCannotHaveMoreThanTheFleet) {
  const Course shared{.limit = 70, .scope = LimitScope::fleet, .threads = 70};
  History history = story(shared);
  each<RefusalEvent>(history, [](RefusalEvent& e) { e.tasks = 71; });
  EXPECT_EQ(summary(judge_arm(shared, Outcome::outage, history)),
            "refuted outage: frontend-7 reports 71 tasks, the kernel counts 70 in the group of the "
            "whole fleet");
}

}  // namespace
}  // namespace ceiling::test
