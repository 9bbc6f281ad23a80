// What an arm says of its recovery, and what is wrong with it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/experiment/experiment.h"

namespace ceiling {
namespace {

using testing::ElementsAre;

std::string file_with(const std::string& recovery, const std::string& limits = "pids.max: 10") {
  return "experiment: small\n"
         "fleet: {start: 4, end: 9}\n"
         "streams: [{name: orders, shards: 4}]\n"
         "limits: {" +
         limits +
         "}\n"
         "arms:\n"
         "  - {name: one, recovery: " +
         recovery + "}\n";
}

std::vector<std::string> findings_of(const std::string& text) {
  std::vector<std::string> lines;
  try {
    parse_experiment(text, "f");
  } catch (const BadInput& bad) {
    for (const Finding& finding : bad.findings()) {
      lines.push_back(std::to_string(finding.line) + ":" + std::to_string(finding.column) + ": " +
                      finding.text);
    }
  }
  return lines;
}

RecoveryPlan read(const std::string& recovery) {
  return parse_experiment(file_with(recovery), "f").arms.at(0).recovery.value();
}

TEST(Recovery, IsReadWithWhatIsUsualWhereNothingIsSaid) {
  const RecoveryPlan plan = read("{strategy: paced, rate: 3}");
  EXPECT_EQ(plan.strategy, RestartStrategy::paced);
  EXPECT_EQ(plan.rate, 3);
  EXPECT_EQ(plan.remove, std::nullopt);
  EXPECT_EQ(plan.limit_s, 60);
  EXPECT_EQ(plan.health_timeout_ms, 1000);
  EXPECT_EQ(plan.expect_safe, std::nullopt);
  EXPECT_EQ(plan.at.line, 6);
}

TEST(Recovery, IsReadWithEverythingSaid) {
  const RecoveryPlan plan = read(
      "{strategy: batches, rate: 2, every_ms: 500, remove: 4, limit_s: 9, health_timeout_ms: 200, "
      "expect_safe: false}");
  EXPECT_EQ(plan.strategy, RestartStrategy::batches);
  EXPECT_EQ(plan.every_ms, 500);
  EXPECT_EQ(plan.remove, 4);
  EXPECT_EQ(plan.limit_s, 9);
  EXPECT_EQ(plan.health_timeout_ms, 200);
  EXPECT_EQ(plan.expect_safe, false);
  EXPECT_EQ(read("{strategy: all-at-once, expect_safe: true}").expect_safe, true);
}

TEST(Recovery, AnEmptyOneIsNoneAndTakesOneAway) {
  EXPECT_FALSE(parse_experiment(file_with("{}"), "f").arms.at(0).recovery);
  const Experiment read =
      parse_experiment(file_with("{strategy: all-at-once}"), "f", {"arms.one.recovery={}"});
  EXPECT_FALSE(read.arms.at(0).recovery);
  EXPECT_FALSE(parse_experiment(read.source, "f").arms.at(0).recovery) << "as it is stored";
}

TEST(Recovery, IsNotThereUnlessItIsSaid) {
  const Experiment read = parse_experiment(
      "experiment: small\nfleet: {start: 4, end: 9}\nstreams: [{name: orders, shards: 4}]\n"
      "arms: [{name: one}]\n",
      "f");
  EXPECT_FALSE(read.arms.at(0).recovery);
}

TEST(Recovery, ARateThatRestartsNobodyOrMoreThanThereAreIsNamed) {
  EXPECT_THAT(
      findings_of(file_with("{strategy: paced, rate: 0}")),
      ElementsAre("6:51: arms.one.recovery.rate: found 0, expected an integer from 1 to 8"));
  EXPECT_THAT(
      findings_of(file_with("{strategy: paced, rate: -2}")),
      ElementsAre("6:51: arms.one.recovery.rate: found -2, expected an integer from 1 to 8"));
  EXPECT_THAT(
      findings_of(file_with("{strategy: batches, rate: 10}")),
      ElementsAre("6:53: arms.one.recovery.rate: found 10, expected an integer from 1 to 8"));
  EXPECT_THAT(
      findings_of(file_with("{strategy: paced, rate: 6, remove: 4}")),
      ElementsAre("6:51: arms.one.recovery.rate: found 6, expected an integer from 1 to 5"));
  EXPECT_THAT(findings_of(file_with("{strategy: paced}")),
              ElementsAre("6:27: arms.one.recovery.rate: found no such key, expected an integer "
                          "from 1 to 8"));
}

TEST(Recovery, AnUnknownStrategyIsNamed) {
  EXPECT_THAT(findings_of(file_with("{strategy: all-at-onc}")),
              ElementsAre("6:38: arms.one.recovery.strategy: found \"all-at-onc\", expected one "
                          "of: all-at-once, batches, paced; nearest: all-at-once"));
  EXPECT_THAT(findings_of(file_with("{rate: 2}")),
              ElementsAre("6:27: arms.one.recovery.strategy: found no such key, expected text"));
}

TEST(Recovery, WhatTheStrategyHasNoUseForIsNamed) {
  EXPECT_THAT(findings_of(file_with("{strategy: all-at-once, rate: 2}")),
              ElementsAre("6:57: arms.one.recovery.rate: found a value that the strategy "
                          "all-at-once has no use for, expected no such key"));
  EXPECT_THAT(findings_of(file_with("{strategy: paced, rate: 2, every_ms: 100}")),
              ElementsAre("6:64: arms.one.recovery.every_ms: found a value that the strategy paced "
                          "has no use for, expected no such key"));
}

TEST(Recovery, WhatIsNoTruthValueOrOutOfRangeIsNamed) {
  EXPECT_THAT(findings_of(file_with("{strategy: all-at-once, expect_safe: 1, remove: 9}")),
              ElementsAre("6:64: arms.one.recovery.expect_safe: found \"1\", expected one of: "
                          "true, false; nearest: true",
                          "6:75: arms.one.recovery.remove: found 9, expected an integer from 1 to "
                          "8"));
}

TEST(CpuPercent, IsReadAndBounded) {
  const auto with = [](const std::string& percent) {
    return file_with("{strategy: all-at-once}", "pids.max: 10, cpu_percent: " + percent);
  };
  EXPECT_EQ(parse_experiment(with("20"), "f").arms.at(0).limits.cpu_percent, 20);
  EXPECT_THAT(findings_of(with("0")), ElementsAre("4:37: limits.cpu_percent: found 0, expected an "
                                                  "integer from 1 to 100000"));
}

}  // namespace
}  // namespace ceiling
