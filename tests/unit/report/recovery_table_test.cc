#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/report/report.h"

namespace ceiling {
namespace {

using testing::HasSubstr;
using testing::Not;

ArmVerdict arm_that(const std::string& name, RecoveryPlan plan, std::optional<double> took,
                    std::uint64_t failed, int wasted) {
  ArmVerdict arm;
  arm.arm.name = name;
  arm.recovery = RecoveryVerdict{.plan = plan,
                                 .fleet_size = 12,
                                 .completed = took.has_value(),
                                 .routable_after_s = took,
                                 .requests = 1000,
                                 .failed_requests = failed,
                                 .restarts = 12 + wasted,
                                 .wasted_restarts = wasted};
  return arm;
}

RunVerdict swept() {
  RunVerdict run;
  run.experiment = "recovery";
  run.arms = {
      arm_that("slow", {.strategy = RestartStrategy::paced, .rate = 1, .remove = {}}, 9.25, 40, 0),
      arm_that("quick", {.strategy = RestartStrategy::paced, .rate = 3, .remove = {}}, 4.5, 80, 0),
      arm_that("hasty", {.strategy = RestartStrategy::paced, .rate = 6, .remove = {}}, 7.0, 300, 4),
      arm_that("timed",
               {.strategy = RestartStrategy::batches, .rate = 2, .every_ms = 500, .remove = {}},
               6.0, 60, 0),
      arm_that("all", {.remove = {}, .limit_s = 20}, std::nullopt, 900, 31)};
  return run;
}

TEST(RecoveryTable, ComparesTheRatesAndNamesTheFastestSafeOne) {
  const std::string text = result_text(swept(), false);
  EXPECT_THAT(text, HasSubstr("  slow   paced        1 at a time              9.2"));
  EXPECT_THAT(text, HasSubstr("  hasty  paced        6 at a time              7.0              300"
                              "                4\n"));
  EXPECT_THAT(text, HasSubstr("  timed  batches      2 every 0.5 s            6.0"));
  EXPECT_THAT(text, HasSubstr("  all    all-at-once  all 12             not in 20"));
  EXPECT_THAT(text, HasSubstr("fastest safe rate: quick (paced, 3 at a time), 4.5 s\n"));
  EXPECT_THAT(text, HasSubstr("faster is slower: hasty (paced, 6 at a time), 7.0 s, 4 restarts "
                              "wasted\n"));
  EXPECT_THAT(text,
              HasSubstr("faster is slower: all (all-at-once, all 12), not in 20 s, 31 restarts "
                        "wasted\n"));
}

TEST(RecoveryTable, TellsOfAllAtOnceApartFromTheRates) {
  RunVerdict run = swept();
  run.arms.back() = arm_that("all", {.remove = {}}, 3.5, 200, 0);
  const std::string text = result_text(run, false);
  EXPECT_THAT(text, HasSubstr("all at once (all) took 3.5 s, with nobody in service at first\n"));
  EXPECT_THAT(text, HasSubstr("fastest safe rate: quick"));
}

TEST(RecoveryTable, SaysWhereNoRateWasSafe) {
  RunVerdict run = swept();
  run.arms.erase(run.arms.begin(), run.arms.begin() + 2);
  run.arms.erase(run.arms.begin() + 1);
  EXPECT_THAT(result_text(run, false), HasSubstr("no rate was safe"));
}

TEST(RecoveryTable, IsNotThereForOneRecovery) {
  RunVerdict run = swept();
  run.arms.resize(1);
  const std::string text = result_text(run, false);
  EXPECT_THAT(text, Not(HasSubstr("fastest safe rate")));
  EXPECT_THAT(text, HasSubstr("recovery by paced, 1 at a time: every shard routable after 9.2 s; "
                              "40 of 1000 requests failed, 12\n"));
}

TEST(RecoveryJson, NamesTheFastestSafeArm) {
  const auto document = nlohmann::json::parse(result_json(swept()));
  EXPECT_EQ(document["fastest_safe_recovery"], "quick");
  EXPECT_EQ(document["arms"][3]["recovery"]["every_ms"], 500);
  EXPECT_EQ(document["arms"][0]["recovery"]["every_ms"], 0);
  EXPECT_EQ(document["arms"][4]["recovery"]["routable_after_s"], nullptr);
  EXPECT_EQ(document["arms"][4]["recovery"]["safe"], false);
  EXPECT_EQ(nlohmann::json::parse(result_json({}))["fastest_safe_recovery"], nullptr);
}

}  // namespace
}  // namespace ceiling
