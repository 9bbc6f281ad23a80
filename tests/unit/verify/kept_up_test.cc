// The history of a fleet that was kept up and grown by hand (`ceiling serve`).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

const Course kUnguarded;
const Course kStaged{.arm = "staged-build", .staged = true};

/// A fleet of `size`, complete and routable.
std::vector<Event> step_to(const std::string& arm, int size) {
  return {
      {0, arm, StepEvent{.fleet_size = size, .settled = true, .in_service = size, .failed = {}}},
      {0, arm, RoutableEvent{.share = 1, .pairs = 4 * size, .fleet_size = size}}};
}

/// Lays `events` behind the sweep at `size`.
void insert_after(History& history, int size, const std::vector<Event>& events) {
  const auto sweep = std::find_if(history.begin(), history.end(), [size](const Event& event) {
    const auto* routable = std::get_if<RoutableEvent>(&event.what);
    return routable != nullptr && routable->fleet_size == size;
  });
  ASSERT_NE(sweep, history.end());
  history.insert(sweep + 1, events.begin(), events.end());
}

TEST(KeptUp, AFleetMayShrinkOnItsWay) {
  History history = story(kUnguarded);
  insert_after(history, 6, step_to(kUnguarded.arm, 6));
  insert_after(history, 6, step_to(kUnguarded.arm, 5));
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::outage, history)), "confirmed outage");
}

TEST(KeptUp, WhatHappensAfterTheFailureIsNotHeldAgainstThePlan) {
  History history = story(kUnguarded);
  insert_after(history, 7, step_to(kUnguarded.arm, 5));
  const ArmVerdict arm = judge_arm(kUnguarded, Outcome::outage, history);
  EXPECT_EQ(summary(arm), "confirmed outage");
  EXPECT_EQ(arm.observed.fleet_size, 7);
  EXPECT_EQ(arm.routable.lowest, 0);
  EXPECT_EQ(arm.routable.after, 1);
}

TEST(KeptUp, ASizeThatWasLeftOutIsStillAGap) {
  History history = story(kUnguarded);
  insert_after(history, 5, step_to(kUnguarded.arm, 4));
  EXPECT_EQ(summary(judge_arm(kUnguarded, Outcome::outage, history)),
            "unknown unknown: the history has a step to 6 where the plan has 5");
}

TEST(KeptUp, AFailureThatWasNotReachedIsUnknown) {
  History history = story(kUnguarded);
  const auto end = std::find_if(history.begin(), history.end(), [](const Event& event) {
    const auto* step = std::get_if<StepEvent>(&event.what);
    return step != nullptr && step->fleet_size == 6;
  });
  history.erase(end, history.end());
  history.push_back({0, kUnguarded.arm, ArmEndEvent{"ended by hand", true}});
  const ArmVerdict arm = judge_arm(kUnguarded, Outcome::outage, history);
  EXPECT_EQ(arm.verdict, Verdict::unknown);
  EXPECT_THAT(summary(arm),
              testing::HasSubstr("the arm ended at 5 frontends, before a failure and before 12"));
}

TEST(KeptUp, AFleetThatWasAtItsEndMayShrinkFromThere) {
  const Course roomy{.failing = std::nullopt, .limit = 100};
  History history = story(roomy);
  insert_after(history, 12, step_to(roomy.arm, 5));
  EXPECT_EQ(summary(judge_arm(roomy, Outcome::not_reached, history)), "confirmed not-reached");
}

TEST(KeptUp, WhatWasDoneToAProcessByHandMakesItUnknownAndIsNamed) {
  for (const char* victim : {"frontend-2", "backend-1"}) {
    for (const char* done : {"killed", "restarted"}) {
      History history = story(kStaged);
      auto after = step_to(kStaged.arm, 5);
      after.insert(after.begin(), {0, kStaged.arm, FaultEvent{done, victim, ""}});
      insert_after(history, 5, after);
      EXPECT_EQ(summary(judge_arm(kStaged, Outcome::contained, history)),
                "unknown unknown: " + std::string(victim) + " was " + done + " by hand");
    }
  }
}

}  // namespace
}  // namespace ceiling::test
