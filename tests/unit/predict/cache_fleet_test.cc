// Cache servers take the peers, and with them the ceiling; they meet the next one themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/predict/predict.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A cache server of a fleet of N has 20 + N descriptors.
CalibrationPoint measured_at(int size) {
  const auto each = static_cast<std::size_t>(size);
  return {.fleet_size = size,
          .tasks = std::vector<std::int64_t>(each, 3 + size - 1),
          .resources = {{"descriptors", std::vector<std::int64_t>(each, 90 + 2 * (size - 1))}},
          .caches = {{"tasks", {1, 1}}, {"descriptors", {20 + size, 20 + size}}}};
}

ArmPlan cached(int start, int end, int step = 1) {
  ArmPlan arm;
  arm.name = "arm";
  arm.guardrails = {Guardrail::cache_fleet};
  arm.fleet = {.start = start, .end = end, .step = step};
  arm.limits.set(LimitName::pids_max, 16);
  return arm;
}

CostModel model_of(const ArmPlan& arm) {
  return shaped(*fit({measured_at(2), measured_at(3)}), arm);
}

Prediction predicted(const ArmPlan& arm) {
  return predict(arm, model_of(arm));
}

std::vector<Finding> findings_of(const ArmPlan& arm) {
  Experiment experiment;
  experiment.arms = {arm};
  return starting_fleet_findings(experiment, model_of(arm));
}

TEST(CacheFleet, NoLimitOnThreadsIsMetAtAnySize) {
  const ArmPlan arm = cached(4, 20);
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, std::nullopt);
  ASSERT_TRUE(found.without);
  EXPECT_EQ(found.without->fleet_size, 15);
  EXPECT_EQ(found.without->limit, LimitName::pids_max);
  EXPECT_FALSE(found.without->of_cache);
  EXPECT_FALSE(found.beyond) << "nothing else is limited";
  EXPECT_EQ(model_of(arm).frontend_tasks(10'000), 3);
}

TEST(CacheFleet, WhatBindsNextIsThePlaceOfAFrontendAtACacheServer) {
  ArmPlan arm = cached(4, 20);
  arm.limits.set(LimitName::rlimit_nofile, 100);  // 20 + 80
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, std::nullopt);
  ASSERT_TRUE(found.beyond);
  EXPECT_EQ(found.beyond->fleet_size, 81);
  EXPECT_EQ(found.beyond->limit, LimitName::rlimit_nofile);
  EXPECT_EQ(found.beyond->value, 100);
  EXPECT_TRUE(found.beyond->of_cache);
}

TEST(CacheFleet, TheFirstMemberWithoutAPlaceFailsAlone) {
  ArmPlan arm = cached(4, 90);
  arm.limits.set(LimitName::rlimit_nofile, 100);
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, 81);
  EXPECT_EQ(found.member, 81);
  EXPECT_THAT(found.failing, ElementsAre(81));
  EXPECT_EQ(found.limit, LimitName::rlimit_nofile);
  EXPECT_EQ(found.threads, 1) << "of a cache server";
  EXPECT_TRUE(found.of_cache);
  EXPECT_EQ(found.without->fleet_size, 7) << "of 90 + 2 descriptors a peer";
}

TEST(CacheFleet, InALargerStepAllFromThatMemberOnFail) {
  ArmPlan arm = cached(4, 90, 10);  // ..., 74, 84
  arm.limits.set(LimitName::rlimit_nofile, 100);
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, 84);
  EXPECT_EQ(found.member, 81);
  EXPECT_THAT(found.failing, ElementsAre(81, 82, 83, 84));
}

TEST(CacheFleet, AFrontendNeedsADescriptorForEachCacheServer) {
  ArmPlan arm = cached(4, 20);
  arm.fleet.cache_servers = 5;
  const CostModel model = model_of(arm);
  EXPECT_EQ(model.resources.at(Resource::descriptors).most(20), 95);
  EXPECT_EQ(plain(model).resources.at(Resource::descriptors).most(20), 90 + 2 * 19);
  arm.limits.set(LimitName::rlimit_nofile, 94);
  const auto findings = findings_of(arm);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(findings[0].text,
              HasSubstr("94 is below what a frontend of the starting fleet of 4 needs: 95"));
}

TEST(CacheFleet, AStartingFleetThatACacheServerHasNoPlaceForIsBadInput) {
  ArmPlan arm = cached(100, 200);
  arm.limits.set(LimitName::rlimit_nofile, 110);
  const auto findings = findings_of(arm);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].text,
            "limits.RLIMIT_NOFILE: 110 is below what a cache server of the starting fleet of 100 "
            "needs: 120 descriptors (base 20 + 1 per frontend × 100)");
}

TEST(CacheFleet, ADriftedFrontendThatCannotStartComesFirst) {
  ArmPlan arm = cached(4, 90);
  arm.limits.set(LimitName::rlimit_nofile, 100);
  arm.limits.overrides[9][LimitName::pids_max].value = 2;
  const Prediction found = predicted(arm);
  EXPECT_EQ(found.fleet_size, 9);
  EXPECT_EQ(found.limit, LimitName::pids_max);
  EXPECT_FALSE(found.of_cache);
  arm.fleet.step = 86;  // 4, 90: both within one step
  EXPECT_THAT(predicted(arm).doubt, HasSubstr("are both met in the step to 90"));
}

TEST(CacheFleet, WithoutAMeasuredCacheServerNothingIsPredictedOfItsDescriptors) {
  ArmPlan arm = cached(4, 90);
  arm.limits.set(LimitName::rlimit_nofile, 100);
  CalibrationPoint differing = measured_at(3);
  differing.caches["descriptors"] = {23, 24};
  const auto model = fit({measured_at(2), differing});
  ASSERT_TRUE(model);
  EXPECT_EQ(predict(arm, shaped(*model, arm)).doubt,
            "RLIMIT_NOFILE: the cache servers measured lie on no line");
}

TEST(CacheFleet, HasTwoCacheServersWhereTheFileSaysNothing) {
  ArmPlan arm = cached(4, 20);
  EXPECT_EQ(arm.cache_servers(), 2);
  arm.fleet.cache_servers = 3;
  EXPECT_EQ(arm.cache_servers(), 3);
  arm.guardrails.clear();
  EXPECT_EQ(arm.cache_servers(), 0);
}

}  // namespace
}  // namespace ceiling
