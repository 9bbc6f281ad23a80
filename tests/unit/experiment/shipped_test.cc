// The experiments that ship: what a user runs first must be readable and as the documents describe
// it.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/experiment/experiment.h"

namespace ceiling {
namespace {

Experiment shipped(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(CEILING_EXPERIMENTS) / (name + ".yaml");
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return parse_experiment(text, path.string());
}

TEST(Shipped, EveryFileIsReadableAndNamedAsItsExperiment) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(CEILING_EXPERIMENTS)) {
    if (entry.path().extension() != ".yaml") continue;
    ++files;
    EXPECT_EQ(shipped(entry.path().stem()).name, entry.path().stem());
  }
  EXPECT_EQ(files, 18);
}

TEST(Shipped, Kinesis2020IsTheWholeDay) {
  const Experiment read = shipped("kinesis-2020");
  EXPECT_EQ(read.streams.at(0).shards, 32);
  EXPECT_EQ(read.clients.at(0).rate_per_s, 100);
  ASSERT_EQ(read.arms.size(), 2U);
  for (const ArmPlan& arm : read.arms) {
    EXPECT_EQ(arm.limits.scope, LimitScope::frontend);
    EXPECT_EQ(arm.limits.value(LimitName::pids_max), 24);
    EXPECT_EQ(arm.limits.value(LimitName::rlimit_nproc), 34) << "the wrong suspect";
    EXPECT_EQ(arm.fleet.sizes().front(), 4);
    EXPECT_EQ(arm.fleet.sizes().back(), 40);
    EXPECT_EQ(arm.fleet.sizes().size(), 37U);
  }
  EXPECT_EQ(read.arms[0].name, "unguarded");
  EXPECT_EQ(read.arms[0].expect, Outcome::outage);
  const RecoveryPlan& recovery = read.arms[0].recovery.value();
  EXPECT_EQ(recovery.strategy, RestartStrategy::paced);
  EXPECT_EQ(recovery.expect_safe, true);
  EXPECT_EQ(recovery.expect_back.size(), dependents_of(read.clients).size());
  EXPECT_EQ(read.arms[0].dependents.size(), dependents_of(read.clients).size());
  EXPECT_EQ(read.arms[1].guardrails, std::vector{Guardrail::staged_build});
  EXPECT_EQ(read.arms[1].expect, Outcome::contained);
}

TEST(Shipped, FleetWideSharesOneLimit) {
  const Experiment read = shipped("fleet-wide");
  for (const ArmPlan& arm : read.arms) {
    EXPECT_EQ(arm.limits.scope, LimitScope::fleet);
    EXPECT_TRUE(arm.limits.sets(LimitName::pids_max));
    EXPECT_EQ(arm.expect, Outcome::any);
  }
}

TEST(Shipped, LimitsOfTheHostStandAloneAndOnlyThePredictionIsJudged) {
  for (const auto& [name, limit] :
       {std::pair("threads-max", LimitName::threads_max), {"pid-max", LimitName::pid_max}}) {
    const Experiment read = shipped(name);
    EXPECT_TRUE(unsupported_limits(read, true).empty());
    for (const ArmPlan& arm : read.arms) {
      EXPECT_EQ(arm.limits.names(), std::vector<LimitName>{limit});
      EXPECT_EQ(arm.expect, Outcome::any);
    }
  }
}

TEST(Shipped, MaxMapCountIsOfTheHostAndCountsEachFrontend) {
  const Experiment read = shipped("max-map-count");
  EXPECT_TRUE(unsupported_limits(read, true).empty());
  EXPECT_FALSE(unsupported_limits(read, false).empty());
  for (const ArmPlan& arm : read.arms) {
    EXPECT_EQ(arm.limits.names(), std::vector<LimitName>{LimitName::max_map_count});
    EXPECT_EQ(arm.limits.scope, LimitScope::frontend);
  }
}

TEST(Shipped, NprocIsLimitedByNothingElse) {
  const Experiment read = shipped("nproc");
  ASSERT_EQ(read.arms.size(), 2U);
  for (const ArmPlan& arm : read.arms) {
    EXPECT_EQ(arm.limits.scope, LimitScope::frontend);
    EXPECT_TRUE(arm.limits.sets(LimitName::rlimit_nproc));
    EXPECT_FALSE(arm.limits.sets(LimitName::pids_max));
  }
  EXPECT_EQ(read.arms[0].expect, Outcome::outage);
  EXPECT_EQ(read.arms[1].expect, Outcome::contained);
}

TEST(Shipped, DriftHasOneMemberWithLess) {
  for (const ArmPlan& arm : shipped("drift").arms) {
    ASSERT_EQ(arm.limits.overrides.size(), 1U);
    EXPECT_EQ(arm.limits.value(LimitName::pids_max, 3), 14);
    EXPECT_EQ(arm.limits.value(LimitName::pids_max, 4), 24);
  }
}

TEST(Shipped, ThreadsPerPeerComparesOneToFour) {
  const Experiment read = shipped("threads-per-peer");
  ASSERT_EQ(read.arms.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(read.arms[i].fleet.threads_per_peer, static_cast<int>(i) + 1);
    EXPECT_EQ(read.arms[i].expect, Outcome::outage);
  }
}

}  // namespace
}  // namespace ceiling
