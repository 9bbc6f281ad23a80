// Arms that are reshaped: what confirms that they grew past their ceiling, and what refutes it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// 5 tasks and one for each of 3 peers at most: pids.max 10, which ends a fleet of 7, is never met.
const Course kMultiplexed{.failing = std::nullopt, .guardrails = {Guardrail::multiplex}};
constexpr int kBudget = 3;

History multiplexed_story(const Course& course = kMultiplexed) {
  History history = story(course);
  each<SampleEvent>(history, [](SampleEvent& sample) {
    // A frontend that the kernel refused has gone past its budget.
    const bool refused = sample.pids_events == 1;
    if (sample.scope != "/x" && !refused)
      sample.tasks = std::min<std::int64_t>(sample.tasks, 5 + kBudget);
  });
  return history;
}

ArmVerdict judge_multiplexed(Outcome expect, History history, const Course& course = kMultiplexed) {
  Experiment experiment = experiment_of(course, expect);
  experiment.arms[0].fleet.thread_budget = kBudget;
  return judge(experiment, {std::move(history), {}}).arms.at(0);
}

TEST(PastTheCeiling, IsPreventedWhereTheFleetStaysWhole) {
  const ArmVerdict arm = judge_multiplexed(Outcome::prevented, multiplexed_story());
  EXPECT_EQ(summary(arm), "confirmed prevented");
  EXPECT_EQ(arm.predicted.without->fleet_size, 7);
  EXPECT_EQ(arm.observed.fleet_size, std::nullopt);
}

TEST(PastTheCeiling, AFleetThatNeverComesToItPreventsNothing) {
  Course small = kMultiplexed;
  small.end = 6;
  EXPECT_EQ(summary(judge_multiplexed(Outcome::prevented, multiplexed_story(small), small)),
            "refuted not-reached: expected prevented, the outcome is not-reached");
}

TEST(PastTheCeiling, AFailureRefutes) {
  Course failing = kMultiplexed;
  failing.failing = 7;
  EXPECT_THAT(summary(judge_multiplexed(Outcome::prevented, multiplexed_story(failing), failing)),
              AllOf(StartsWith("refuted unknown: "),
                    HasSubstr("predicted that no frontend fails up to 12, 7 failed at 7")));
}

TEST(PastTheCeiling, AThreadMoreThanTheBudgetRefutes) {
  History history = multiplexed_story();
  SampleEvent* last = nullptr;
  each<SampleEvent>(history, [&](SampleEvent& sample) {
    if (sample.scope != "/x") last = &sample;
  });
  ++last->tasks;
  EXPECT_EQ(
      summary(judge_multiplexed(Outcome::prevented, history)),
      "refuted prevented: at 12 frontends the measured line gives 8 tasks, frontend-12 has 9");
}

TEST(PastTheCeiling, AShardThatCannotBeReachedRefutes) {
  History history = multiplexed_story();
  each<RoutableEvent>(history, [](RoutableEvent& sweep) {
    if (sweep.fleet_size == 9) sweep.share = 0.75;
  });
  EXPECT_EQ(summary(judge_multiplexed(Outcome::prevented, history)),
            "refuted unknown: only 0.7500 of the shards were routable past the ceiling");
}

TEST(PastTheCeiling, WithoutASweepNothingIsConcluded) {
  History history = multiplexed_story();
  remove<RoutableEvent>(history, [](const RoutableEvent& sweep) { return sweep.fleet_size >= 7; });
  EXPECT_EQ(summary(judge_multiplexed(Outcome::prevented, history)),
            "unknown unknown: no sweep past the ceiling");
}

TEST(PastTheCeiling, WithStagedBuildAFailedOperationRefutes) {
  Course staged = kMultiplexed;
  staged.staged = true;
  History history = multiplexed_story(staged);
  each<OpEvent>(history, [](OpEvent& op) {
    if (op.kind == "put" && op.phase == OpPhase::ok && op.id == 5) op.phase = OpPhase::fail;
  });
  remove<OpEvent>(history, [](const OpEvent& op) { return op.kind == "audit" && op.id == 5; });
  each<AuditEvent>(history, [](AuditEvent& audit) { --audit.records; });
  EXPECT_EQ(summary(judge_multiplexed(Outcome::prevented, history, staged)),
            "refuted unknown: 1 canary operations failed, first put 5 through frontend-1");
}

}  // namespace
}  // namespace ceiling::test
