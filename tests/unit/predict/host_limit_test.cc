// Limits that count all tasks of the host: its own count as well.
#include "harness/predict/host_limit.h"

#include <gtest/gtest.h>

namespace ceiling {
namespace {

ArmPlan arm_with(LimitName limit, std::int64_t value) {
  ArmPlan arm;
  arm.name = "unguarded";
  arm.fleet = {4, 14, 1, 1};
  arm.limits.set(limit, value);
  return arm;
}

CostModel model_with(LimitName limit, std::int64_t value, std::int64_t used) {
  return {3, 1, "measured", {2, 3}, {{limit, value, used}}};
}

SampleEvent sample(const std::string& scope, const std::string& limit, std::int64_t value,
                   std::int64_t tasks) {
  return {scope, limit, "/proc/sys/x", value, tasks, {}};
}

std::vector<Finding> findings_of(const ArmPlan& arm, const CostModel& model) {
  Experiment experiment;
  experiment.arms = {arm};
  return starting_fleet_findings(experiment, model);
}

// 9 frontends are 99 tasks, 10 are 120.
TEST(HostLimit, IsMetWhereTheFleetAndTheHostTogetherNeedMore) {
  for (const LimitName limit : {LimitName::threads_max, LimitName::pid_max}) {
    const ArmPlan arm = arm_with(limit, 500);
    const Prediction fits = predict(arm, model_with(limit, 500, 380));
    EXPECT_EQ(fits.fleet_size, 11);
    const Prediction predicted = predict(arm, model_with(limit, 500, 381));
    EXPECT_EQ(predicted.fleet_size, 10);
    EXPECT_EQ(predicted.threads, 500);
    EXPECT_EQ(predicted.limit, limit);
    EXPECT_EQ(predicted.value, 500);
    EXPECT_EQ(predicted.scope, LimitScope::host);
    EXPECT_FALSE(predicted.member);
    EXPECT_EQ(peak_tasks(arm, model_with(limit, 500, 381)), 119);
    EXPECT_EQ(predict(arm, model_with(limit, 500, 402)).fleet_size, 9);
  }
}

// 0 and the first process are all that is in use there, whatever the host has.
TEST(HostLimit, OfAPidNamespaceNeedsNoMeasurement) {
  ArmPlan arm = arm_with(LimitName::pid_max, 121);
  arm.limits.scope = LimitScope::pid_namespace;
  const CostModel model{3, 1, "documented", {}};
  const Prediction predicted = predict(arm, model);
  EXPECT_EQ(predicted.fleet_size, 10);
  EXPECT_EQ(predicted.threads, 121);
  EXPECT_EQ(predicted.limit, LimitName::pid_max);
  EXPECT_EQ(predicted.scope, LimitScope::pid_namespace);
  EXPECT_EQ(peak_tasks(arm, model), 119);
  arm.limits.set(LimitName::pid_max, 122);
  EXPECT_EQ(predict(arm, model).fleet_size, 11);
  arm.limits.set(LimitName::pid_max, 25);
  ASSERT_EQ(findings_of(arm, model).size(), 1U);
  EXPECT_EQ(findings_of(arm, model)[0].text,
            "limits.kernel.pid_max: 25 is below what the namespace and the starting fleet of 4 "
            "need: 2 + 24");
}

TEST(HostLimit, IsNotReachedByAFleetThatStaysBelow) {
  const ArmPlan arm = arm_with(LimitName::threads_max, 1000);
  const CostModel model = model_with(LimitName::threads_max, 1000, 100);
  EXPECT_FALSE(predict(arm, model).fleet_size);
  EXPECT_EQ(predict(arm, model).scope, LimitScope::host);
  EXPECT_EQ(peak_tasks(arm, model), 14 * 16);
}

// What kernel.pid_max takes of the numbers depends on its value.
TEST(HostLimit, WithoutItsOwnMeasurementPredictsNothing) {
  const ArmPlan arm = arm_with(LimitName::pid_max, 500);
  for (const CostModel& model :
       {CostModel{3, 1, "measured", {2, 3}}, model_with(LimitName::pid_max, 501, 381),
        model_with(LimitName::threads_max, 500, 381)}) {
    EXPECT_FALSE(host_use_of(arm, model));
    EXPECT_FALSE(predict(arm, model).fleet_size);
    EXPECT_TRUE(findings_of(arm, model).empty());
  }
}

TEST(HostLimit, UseIsTheFirstSampleOfTheHost) {
  const SampleEvent group = sample("frontend-1", "pids.max", 500, 7);
  const SampleEvent before = sample("host", "kernel.threads-max", 500, 60);
  const SampleEvent later = sample("host", "kernel.threads-max", 500, 84);
  const SampleEvent other = sample("host", "kernel.threads-max", 600, 61);
  const std::vector<HostUse> uses = host_use({&group, &before, &later, &other});
  ASSERT_EQ(uses.size(), 2U);
  EXPECT_EQ(uses[0].used, 60);
  EXPECT_EQ(uses[1].value, 600);
  EXPECT_EQ(uses[1].used, 61);
}

TEST(HostLimit, StartingFleetMustFitBesideTheHost) {
  ArmPlan arm = arm_with(LimitName::threads_max, 100);
  arm.limits.values.at(LimitName::threads_max).at = {.line = 9, .column = 23};
  EXPECT_TRUE(findings_of(arm, model_with(LimitName::threads_max, 100, 76)).empty());
  const auto findings = findings_of(arm, model_with(LimitName::threads_max, 100, 77));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].line, 9);
  EXPECT_EQ(findings[0].column, 23);
  EXPECT_EQ(findings[0].text,
            "limits.kernel.threads-max: 100 is below what the host and the starting fleet of 4 "
            "need: 77 + 24");
}

// Seen: 181 tasks under 180, on two CPUs.
TEST(HostLimit, CreatorsOfOneMomentPassThreadsMaxTogetherAndNoOther) {
  Prediction predicted;
  predicted.threads = 180;
  predicted.limit = LimitName::threads_max;
  EXPECT_FALSE(threads_as_predicted(predicted, 179, 10));
  EXPECT_TRUE(threads_as_predicted(predicted, 180, 10));
  EXPECT_TRUE(threads_as_predicted(predicted, 189, 10));
  EXPECT_FALSE(threads_as_predicted(predicted, 190, 10));
  EXPECT_FALSE(threads_as_predicted(predicted, std::nullopt, 10));
  for (const LimitName exact : {LimitName::pid_max, LimitName::pids_max}) {
    predicted.limit = exact;
    EXPECT_TRUE(threads_as_predicted(predicted, 180, 10));
    EXPECT_FALSE(threads_as_predicted(predicted, 181, 10));
  }
}

}  // namespace
}  // namespace ceiling
