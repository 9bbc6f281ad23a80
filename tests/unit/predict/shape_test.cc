// Fleets that are reshaped: multiplex bounds the threads of a frontend, cells the peers it has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/predict/predict.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CostModel measured(int per_peer = 1) {
  CostModel model{3, per_peer, "measured", {2, 3}};
  model.resources[Resource::descriptors] = {90, 90, 2 * per_peer};
  model.resources[Resource::address_space] = {1000, 1000, 100 * per_peer};
  return model;
}

ArmPlan arm_with(std::vector<Guardrail> guardrails, FleetPlan fleet) {
  ArmPlan arm;
  arm.name = "arm";
  arm.guardrails = std::move(guardrails);
  arm.fleet = fleet;
  return arm;
}

ArmPlan multiplexed(int budget, int end, int threads_per_peer = 1) {
  FleetPlan fleet{.start = 4, .end = end, .threads_per_peer = threads_per_peer};
  fleet.thread_budget = budget;
  return arm_with({Guardrail::multiplex}, fleet);
}

ArmPlan parted(int cells, int end, int step = 1) {
  FleetPlan fleet{.start = 4, .end = end, .step = step};
  fleet.cells = cells;
  return arm_with({Guardrail::cells}, fleet);
}

Prediction predicted(const ArmPlan& arm, int per_peer = 1) {
  return predict(arm, shaped(measured(per_peer), arm));
}

TEST(Multiplex, WithinTheBudgetNoLimitOnThreadsIsMet) {
  ArmPlan arm = multiplexed(8, 40);
  arm.limits.set(LimitName::pids_max, 24);
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, std::nullopt);
  ASSERT_TRUE(found.without);
  EXPECT_EQ(found.without->fleet_size, 23);
  EXPECT_EQ(found.without->limit, LimitName::pids_max);
  EXPECT_EQ(found.without->value, 24);
  EXPECT_FALSE(found.beyond) << "nothing else is limited";
  EXPECT_EQ(shaped(measured(), arm).frontend_tasks(40), 11);
  EXPECT_EQ(peak_tasks(arm, shaped(measured(), arm)), 40 * 11);
}

TEST(Multiplex, WhatBindsNextIsWhatAConnectionTakes) {
  ArmPlan arm = multiplexed(8, 30);
  arm.limits.set(LimitName::pids_max, 24);
  arm.limits.set(LimitName::rlimit_nofile, 160);  // 90 + 2 × 35
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, std::nullopt);
  ASSERT_TRUE(found.beyond);
  EXPECT_EQ(found.beyond->fleet_size, 37);
  EXPECT_EQ(found.beyond->limit, LimitName::rlimit_nofile);
  EXPECT_EQ(found.beyond->value, 160);
}

TEST(Multiplex, AFrontendThatMeetsItHasItsBudgetOfThreads) {
  ArmPlan arm = multiplexed(8, 40);
  arm.limits.set(LimitName::pids_max, 24);
  arm.limits.set(LimitName::rlimit_nofile, 160);
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, 37);
  EXPECT_EQ(found.limit, LimitName::rlimit_nofile);
  EXPECT_EQ(found.threads, 11);
  EXPECT_EQ(found.failing.size(), 37U);
  EXPECT_EQ(found.without->fleet_size, 23);
  EXPECT_FALSE(found.beyond);
}

TEST(Multiplex, WithAdmissionTheFleetIsKeptAtTheLastConnectionThatFits) {
  for (const int limit : {160, 161}) {  // 90 + 2 × 35
    ArmPlan arm = multiplexed(8, 40);
    arm.guardrails.push_back(Guardrail::admission);
    arm.limits.set(LimitName::pids_max, 24);
    arm.limits.set(LimitName::rlimit_nofile, limit);
    const Prediction found = predicted(arm);
    ASSERT_TRUE(found.admission);
    EXPECT_EQ(found.admission->fleet_size, 37);
    EXPECT_EQ(found.admission->limit, LimitName::rlimit_nofile);
    EXPECT_EQ(found.admission->left, 0);
    EXPECT_EQ(found.admission->needed, 1);
    arm.fleet.end = 36;
    EXPECT_FALSE(predicted(arm).admission);
  }
}

TEST(Multiplex, WithAdmissionABudgetThatFitsKeepsNobodyOut) {
  ArmPlan arm = multiplexed(21, 40);  // 24 tasks, all of the limit
  arm.guardrails.push_back(Guardrail::admission);
  arm.limits.set(LimitName::pids_max, 24);
  EXPECT_FALSE(predicted(arm).admission);
  EXPECT_EQ(predicted(arm).without->fleet_size, 23);
  arm.fleet.thread_budget = 22;
  ASSERT_TRUE(predicted(arm).admission);
  EXPECT_EQ(predicted(arm).admission->fleet_size, 23);
  EXPECT_EQ(predicted(arm).admission->limit, LimitName::pids_max);
}

TEST(Multiplex, TheAlarmGoesByWhatBindsNext) {
  ArmPlan arm = multiplexed(8, 40);
  arm.guardrails.push_back(Guardrail::alarm);
  arm.fleet.alarm_percent = 90;
  arm.limits.set(LimitName::pids_max, 11);  // full with 9 frontends, and that is no matter
  arm.limits.set(LimitName::rlimit_nofile, 160);
  const auto alarm = predicted(arm).alarm;
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->limit, LimitName::rlimit_nofile);
  EXPECT_EQ(alarm->fleet_size, 28);  // 144 of 160
  EXPECT_EQ(alarm->servers_left, 8);
}

TEST(Multiplex, ABudgetAboveTheLimitIsNoCure) {
  ArmPlan arm = multiplexed(30, 40);
  arm.limits.set(LimitName::pids_max, 24);
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, 23);
  EXPECT_EQ(found.threads, 24);
  EXPECT_EQ(found.without->fleet_size, 23);
}

TEST(Multiplex, APeerHasAllOfItsThreadsOrNone) {
  const ArmPlan arm = multiplexed(5, 40, 2);
  const CostModel model = shaped(measured(2), arm);
  EXPECT_EQ(model.threaded_peers, 2);
  EXPECT_EQ(model.frontend_tasks(2), 5);
  EXPECT_EQ(model.frontend_tasks(3), 7);
  EXPECT_EQ(model.frontend_tasks(4), 7);
}

TEST(Multiplex, OnTheEventLoopAPeerTakesNoStack) {
  ArmPlan arm = multiplexed(8, 40);
  arm.limits.set(LimitName::rlimit_as, 1000 + 8 * 100);
  EXPECT_EQ(predicted(arm).fleet_size, std::nullopt);
  EXPECT_EQ(predicted(arm).without->fleet_size, 10);
  arm.limits.set(LimitName::rlimit_as, 1000 + 8 * 100 - 1);
  EXPECT_EQ(predicted(arm).fleet_size, 9);
}

TEST(Cells, TheCeilingIsThatOfTheFirstCellThatIsFull) {
  ArmPlan arm = parted(3, 40);
  arm.limits.set(LimitName::pids_max, 8);  // six to a cell
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, 19);
  EXPECT_EQ(found.threads, 8);
  EXPECT_EQ(found.limit, LimitName::pids_max);
  EXPECT_THAT(found.failing, ElementsAre(1, 4, 7, 10, 13, 16, 19));
  EXPECT_EQ(found.without->fleet_size, 7);
  EXPECT_EQ(peak_tasks(arm, shaped(measured(), arm)), 19 * 8);
}

TEST(Cells, AStepMayFillSeveral) {
  ArmPlan arm = parted(3, 40, 4);  // 4, 8, 12, 16, 20
  arm.limits.set(LimitName::pids_max, 8);
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, 20);
  EXPECT_EQ(found.failing.size(), 14U);
  EXPECT_EQ(found.member, std::nullopt);
}

TEST(Cells, ADriftedMemberFailsWithItsOwnCell) {
  ArmPlan arm = parted(3, 40);
  arm.limits.set(LimitName::pids_max, 24);
  arm.limits.overrides[5][LimitName::pids_max].value = 5;  // three to its cell: 2, 5, 8
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, 11);
  EXPECT_EQ(found.member, 5);
  EXPECT_THAT(found.failing, ElementsAre(5));
}

TEST(Cells, WhoCannotStartTakesNoPlaceInACell) {
  ArmPlan arm = parted(2, 40);
  arm.limits.set(LimitName::pids_max, 8);
  arm.limits.overrides[5][LimitName::pids_max].value = 2;
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, 5);
  EXPECT_EQ(found.member, 5);
  EXPECT_EQ(found.threads, 2);
}

TEST(Cells, AFleetThatStaysBelowSaysWhatItWouldMeet) {
  ArmPlan arm = parted(3, 18);
  arm.limits.set(LimitName::pids_max, 8);
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, std::nullopt);
  EXPECT_THAT(found.failing, IsEmpty());
  EXPECT_EQ(found.without->fleet_size, 7);
  EXPECT_EQ(found.beyond->fleet_size, 19);
}

TEST(Cells, ALimitOfTheWholeFleetHoldsMoreOfThem) {
  ArmPlan arm = parted(3, 40);
  arm.limits.scope = LimitScope::fleet;
  arm.limits.set(LimitName::pids_max, 60);
  const CostModel model = shaped(measured(), arm);
  const int fits = predicted(arm).fleet_size.value() - 1;
  EXPECT_LE(model.fleet_tasks(fits), 60);
  EXPECT_GT(model.fleet_tasks(fits + 1), 60);
  EXPECT_EQ(predicted(arm).without->fleet_size, 7);  // 7 × 9
}

TEST(Cells, ThePartsAddUpToTheFleet) {
  for (int cells = 1; cells <= 5; ++cells) {
    for (int budget : {0, 1, 3, 100}) {
      ArmPlan arm = parted(cells, 40);
      arm.guardrails.push_back(Guardrail::multiplex);
      arm.fleet.thread_budget = budget;
      const CostModel model = shaped(measured(), arm);
      for (int size = 0; size <= 40; ++size) {
        std::int64_t sum = 0;
        for (int member = 1; member <= size; ++member) sum += model.member_tasks(member, size);
        EXPECT_EQ(model.fleet_tasks(size), sum) << size << " in " << cells << ", " << budget;
      }
    }
  }
}

TEST(Shape, OfAnArmWithoutThemIsWhatWasMeasured) {
  FleetPlan fleet{.start = 4, .end = 40};
  fleet.cells = 3;
  fleet.thread_budget = 2;
  const ArmPlan arm = arm_with({Guardrail::staged_build}, fleet);
  EXPECT_EQ(shaped(measured(), arm).frontend_tasks(40), 42);
  EXPECT_EQ(shaped(measured(), arm).fleet_tasks(40), 40 * 42);
}

TEST(Shape, OfAStartingFleetSaysWhatAFrontendOfACellNeeds) {
  Experiment experiment;
  experiment.arms = {parted(2, 40)};
  experiment.arms[0].limits.set(LimitName::pids_max, 3);
  const auto findings = starting_fleet_findings(experiment, shaped(measured(), experiment.arms[0]));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].text,
            "limits.pids.max: 3 is below what a frontend of the starting fleet of 4 needs: 4 tasks "
            "(base 3 + 1 per peer × 1)");
}

}  // namespace
}  // namespace ceiling
