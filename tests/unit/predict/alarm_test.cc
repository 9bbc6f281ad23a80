#include "harness/predict/alarm.h"

#include <gtest/gtest.h>

namespace ceiling {
namespace {

const CostModel kModel{.base = 3, .per_peer = 1, .source = "documented", .measured_at = {}};

ArmPlan arm_of(std::int64_t pids_max, int percent, LimitScope scope = LimitScope::frontend) {
  ArmPlan arm;
  arm.name = "alarm";
  arm.guardrails = {Guardrail::alarm};
  arm.fleet = {.start = 3, .end = 20, .alarm_percent = percent, .alarm_at = {4, 9}};
  arm.limits.scope = scope;
  arm.limits.set(LimitName::pids_max, pids_max);
  return arm;
}

TEST(Alarm, IsRaisedAtTheFirstSizeThatUsesTheShare) {
  const auto alarm = predict(arm_of(16, 75), kModel).alarm;
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->fleet_size, 10);  // 12 of 16, to the task
  EXPECT_EQ(alarm->used, 12);
  EXPECT_EQ(alarm->servers_left, 4);
  EXPECT_EQ(alarm->member, 1);
  EXPECT_EQ(predict(arm_of(16, 76), kModel).alarm->fleet_size, 11);
}

TEST(Alarm, OfASharedLimitCountsAll) {
  const auto alarm = predict(arm_of(100, 50, LimitScope::fleet), kModel).alarm;
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->fleet_size, 7);    // 6 are 48 tasks, 7 are 63
  EXPECT_EQ(alarm->servers_left, 2);  // 9 are 99
}

TEST(Alarm, GoesByTheMemberThatHasTheLeastRoom) {
  ArmPlan arm = arm_of(40, 50);
  arm.limits.overrides[4][LimitName::pids_max].value = 12;
  const auto alarm = predict(arm, kModel).alarm;
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->fleet_size, 4);
  EXPECT_EQ(alarm->member, 4);
  EXPECT_EQ(alarm->servers_left, 6);
}

TEST(Alarm, IsRaisedAtAVisitedSize) {
  ArmPlan arm = arm_of(30, 50);
  arm.fleet.step = 8;  // 3, 11, 19: 15 tasks are there with 13
  EXPECT_EQ(predict(arm, kModel).alarm->fleet_size, 19);
}

TEST(Alarm, OfAFleetThatNeverGetsThereIsNone) {
  EXPECT_FALSE(predict(arm_of(100, 75), kModel).alarm);
}

TEST(Alarm, OneThatComesTooLateIsSaidWithTheShareThatWouldDo) {
  EXPECT_FALSE(alarm_finding(arm_of(16, 87), kModel));
  const auto finding = alarm_finding(arm_of(16, 90), kModel);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->line, 4);
  EXPECT_EQ(finding->column, 9);
  EXPECT_EQ(finding->text,
            "fleet.alarm_percent: 90 % of pids.max 16 is first used at 13 frontends, when 1 more "
            "server fits; expected at most 87, so that at least two fit");
}

TEST(Alarm, WhereNoShareIsInTimeTheFleetIsToBlame) {
  const auto finding = alarm_finding(arm_of(6, 75), kModel);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->text,
            "fleet.alarm_percent: 75 % of pids.max 6 is first used at 3 frontends, when 1 more "
            "server fits; expected a smaller fleet.start or fleet.step, so that at least two fit");
}

}  // namespace
}  // namespace ceiling
