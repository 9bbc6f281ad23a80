// Arms with admission and alarm: what confirms them, and everything that refutes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

using testing::HasSubstr;

const Course kKept{.failing = std::nullopt, .guardrails = {Guardrail::admission}, .kept_out = 7};
const Course kAlarmed{.start = 3, .guardrails = {Guardrail::alarm}, .alarm = 4};

TEST(Prevented, IsConfirmedWhereTheAdditionIsRefusedAsPredicted) {
  const ArmVerdict arm = judge_arm(kKept, Outcome::prevented);
  EXPECT_EQ(summary(arm), "confirmed prevented");
  EXPECT_EQ(arm.predicted.fleet_size, 7);
  ASSERT_TRUE(arm.predicted.admission);
  EXPECT_EQ(arm.predicted.admission->fleet_size, 7);
  EXPECT_EQ(arm.predicted.admission->member, 1);
  EXPECT_EQ(arm.predicted.admission->left, 0);
  EXPECT_EQ(arm.observed.fleet_size, std::nullopt);
  ASSERT_TRUE(arm.observed.admission);
  EXPECT_EQ(arm.observed.admission->fleet_size, 7);
  EXPECT_EQ(arm.routable.lowest, 1.0);
}

TEST(Prevented, AnAdditionThatIsRefusedOneTooEarlyRefutes) {
  Course early = kKept;
  early.kept_out = 6;
  EXPECT_EQ(summary(judge_arm(early, Outcome::prevented)),
            "refuted unknown: refused addition, to a fleet of: predicted 7, observed 6; refused "
            "addition, threads left: predicted 0, observed 1");
}

TEST(Prevented, AnAdditionThatTheKernelRefusesRefutes) {
  Course late = kKept;
  late.kept_out.reset();
  late.failing = 7;
  EXPECT_EQ(summary(judge_arm(late, Outcome::prevented)),
            "refuted unknown: predicted that admission keeps out the addition to 7 frontends, it "
            "kept out none; 7 frontends failed at 7, where admission keeps the fleet below");
}

TEST(Prevented, AnAdditionThatWouldHaveFitRefutes) {
  Course roomy = kKept;
  roomy.limit = 100;
  EXPECT_EQ(
      summary(judge_arm(roomy, Outcome::any)),
      "refuted unknown: frontend-7 was kept out at 7 frontends, where it was predicted to fit");
}

TEST(Prevented, AnotherLimitOrAnothersCeilingRefutes) {
  History history = story(kKept);
  each<AdmissionEvent>(history, [](AdmissionEvent& e) {
    e.limit = "RLIMIT_NPROC";
    e.member = "frontend-3";
    e.needed = 2;
  });
  EXPECT_EQ(summary(judge_arm(kKept, Outcome::any, history)),
            "refuted unknown: refused addition, by: predicted pids.max, observed RLIMIT_NPROC; "
            "refused addition, ceiling of: predicted frontend-1, observed frontend-3; refused "
            "addition, threads needed: predicted 1, observed 2");
}

TEST(Prevented, AMemberThatDoesNotSayWhatRoomItHasRefutes) {
  History history = story(kKept);
  each<AdmissionEvent>(history, [](AdmissionEvent& e) { e.limit.clear(); });
  EXPECT_EQ(summary(judge_arm(kKept, Outcome::any, history)),
            "refuted unknown: frontend-7 was kept out because frontend-1 did not say what room it "
            "has");
}

TEST(Prevented, AShardThatIsLostAfterwardsRefutes) {
  History history = story(kKept);
  RoutableEvent* last = nullptr;
  each<RoutableEvent>(history, [&](RoutableEvent& e) { last = &e; });
  last->share = 0.75;
  EXPECT_EQ(summary(judge_arm(kKept, Outcome::prevented, history)),
            "refuted unknown: only 0.7500 of the shards were routable after the refused addition");
}

/// The canary operation of the sweep after the refused addition fails.
History with_a_failed_canary(const Course& course) {
  History history = story(course);
  OpEvent* last = nullptr;
  each<OpEvent>(history, [&](OpEvent& e) {
    if (e.kind == "put" && e.phase == OpPhase::ok) last = &e;
  });
  last->phase = OpPhase::fail;
  const std::string key = last->key;
  remove<OpEvent>(history, [&](const OpEvent& e) { return e.kind == "audit" && e.key == key; });
  each<AuditEvent>(history, [](AuditEvent& e) { --e.records; });
  return history;
}

TEST(Prevented, ACanaryThatFailsBecauseOfTheAdditionRefutes) {
  EXPECT_THAT(summary(judge_arm(kKept, Outcome::prevented, with_a_failed_canary(kKept))),
              HasSubstr("refuted unknown: 1 canary operations failed, first put"));
}

// Unguarded construction empties the map with every version. That is what staged-build cures.
TEST(Prevented, ACanaryThatFailsBeforeTheAdditionCountsOnlyWithStagedBuild) {
  for (const bool staged : {false, true}) {
    Course course = kKept;
    course.staged = staged;
    History history = story(course);
    remove<OpEvent>(history,
                    [&](const OpEvent& e) { return e.kind == "audit" && e.key == "key-5"; });
    each<OpEvent>(history, [](OpEvent& e) {
      if (e.key == "key-5" && e.phase == OpPhase::ok) e.phase = OpPhase::fail;
    });
    each<AuditEvent>(history, [](AuditEvent& e) { --e.records; });
    EXPECT_THAT(summary(judge_arm(course, Outcome::prevented, history)),
                HasSubstr(staged ? "refuted unknown: 1 canary" : "confirmed prevented"));
  }
}

TEST(Prevented, ARefusalByTheKernelBeforeRefutes) {
  History history = story(kKept);
  const auto step = std::find_if(history.begin(), history.end(), [](const Event& event) {
    return std::holds_alternative<StepEvent>(event.what);
  });
  history.insert(step, {step->t_s, kKept.arm, RefusalEvent{"frontend-2", 11, 8, 4, "build"}});
  EXPECT_NE(judge_arm(kKept, Outcome::prevented, history).verdict, Verdict::confirmed);
}

TEST(Prevented, IsUnknownWhereTheHistoryHasNoSweepAfterwards) {
  History history = story(kKept);
  RoutableEvent* last = nullptr;
  each<RoutableEvent>(history, [&](RoutableEvent& e) { last = &e; });
  last->pairs = 0;
  EXPECT_EQ(summary(judge_arm(kKept, Outcome::prevented, history)),
            "unknown unknown: no sweep after the failing step");
}

TEST(Alarm, IsConfirmedAtItsSize) {
  const ArmVerdict arm = judge_arm(kAlarmed, Outcome::outage);
  EXPECT_EQ(summary(arm), "confirmed outage");
  ASSERT_TRUE(arm.predicted.alarm);
  EXPECT_EQ(arm.predicted.alarm->fleet_size, 4);
  EXPECT_EQ(arm.predicted.alarm->servers_left, 2);
  EXPECT_EQ(arm.observed.alarm_step, 4);
}

TEST(Alarm, OneThatIsLateFalseOrMissingRefutes) {
  Course course = kAlarmed;
  course.alarm = 5;
  EXPECT_EQ(summary(judge_arm(course, Outcome::outage)),
            "refuted unknown: late alarm: predicted at 4 frontends, raised at 5");
  course.alarm = 3;
  EXPECT_EQ(summary(judge_arm(course, Outcome::outage)),
            "refuted unknown: false alarm: predicted at 4 frontends, raised at 3");
  course.alarm.reset();
  EXPECT_EQ(summary(judge_arm(course, Outcome::outage)),
            "refuted unknown: late alarm: predicted at 4 frontends, none was raised");
}

TEST(Alarm, OneOfAnotherLimitRefutes) {
  History history = story(kAlarmed);
  each<AlarmEvent>(history, [](AlarmEvent& e) { e.limit = "RLIMIT_NPROC"; });
  EXPECT_EQ(summary(judge_arm(kAlarmed, Outcome::outage, history)),
            "refuted unknown: alarm, of the limit: predicted pids.max, observed RLIMIT_NPROC");
}

TEST(Alarm, OneThatNothingComesNearToIsFalse) {
  Course course = kAlarmed;
  course.limit = 100;
  course.failing.reset();
  EXPECT_EQ(
      summary(judge_arm(course, Outcome::not_reached)),
      "refuted unknown: false alarm: frontend-1 raised it at 4 frontends, and the fleet never "
      "gets to that share of a limit");
}

TEST(Alarm, OneThatLeavesRoomForOneServerIsLate) {
  Course course = kAlarmed;
  course.start = 5;
  course.alarm = 5;
  EXPECT_EQ(summary(judge_arm(course, Outcome::outage)),
            "refuted unknown: late alarm: at 5 frontends 1 more fit, fewer than 2");
}

// A gap in a history must not look like a guardrail that failed.
TEST(Guardrails, AnEventThatIsLostMakesItUnknown) {
  History history = story(kAlarmed);
  remove<AlarmEvent>(history);
  EXPECT_EQ(summary(judge_arm(kAlarmed, Outcome::outage, history)),
            "unknown unknown: at 4 frontends 1 had raised an alarm, the history has 0");
  history = story(kKept);
  remove<AdmissionEvent>(history);
  EXPECT_EQ(judge_arm(kKept, Outcome::prevented, history).verdict, Verdict::unknown);
}

TEST(Alarm, AndAdmissionAreJudgedTogether) {
  Course course = kKept;
  course.start = 3;
  course.guardrails.push_back(Guardrail::alarm);
  course.alarm = 4;
  EXPECT_EQ(summary(judge_arm(course, Outcome::prevented)), "confirmed prevented");
  course.alarm = 6;
  EXPECT_EQ(summary(judge_arm(course, Outcome::prevented)),
            "refuted unknown: late alarm: predicted at 4 frontends, raised at 6");
}

}  // namespace
}  // namespace ceiling::test
