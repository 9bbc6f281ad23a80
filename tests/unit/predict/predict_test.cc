#include "harness/predict/predict.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ceiling {
namespace {

const CostModel kModel{3, 1, "documented", {}};

LimitPlan limits(LimitScope scope, std::optional<std::int64_t> pids_max,
                 std::optional<std::int64_t> nproc) {
  LimitPlan plan;
  plan.scope = scope;
  plan.set(LimitName::pids_max, pids_max);
  plan.set(LimitName::rlimit_nproc, nproc);
  return plan;
}

ArmPlan arm_with(FleetPlan fleet, LimitPlan limits) {
  ArmPlan arm;
  arm.name = "unguarded";
  arm.fleet = fleet;
  arm.limits = limits;
  return arm;
}

TEST(Predict, SaysWhereTheFleetOfTheOutageFails) {
  const ArmPlan arm = arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, 24, {}));
  const Prediction predicted = predict(arm, kModel);
  EXPECT_EQ(predicted.fleet_size, 23);
  EXPECT_EQ(predicted.threads, 24);
  EXPECT_EQ(predicted.limit, LimitName::pids_max);
  EXPECT_EQ(predicted.value, 24);
  EXPECT_EQ(predicted.scope, LimitScope::frontend);
  EXPECT_EQ(peak_tasks(arm, kModel), 23 * 24);
}

TEST(Predict, NamesTheFirstVisitedSizeWhereAStepJumpsOverTheLimit) {
  const Prediction predicted =
      predict(arm_with({4, 40, 5, 1}, limits(LimitScope::frontend, 24, {})), kModel);
  EXPECT_EQ(predicted.fleet_size, 24);  // 4, 9, 14, 19, 24
  EXPECT_EQ(predicted.threads, 24);
}

TEST(Predict, NamesTheEndWhereTheLastStepIsShort) {
  const Prediction predicted =
      predict(arm_with({4, 23, 10, 1}, limits(LimitScope::frontend, 24, {})), kModel);
  EXPECT_EQ(predicted.fleet_size, 23);
}

TEST(Predict, SetsNothingForAFleetThatStaysBelow) {
  const ArmPlan arm = arm_with({4, 22, 1, 1}, limits(LimitScope::frontend, 24, {}));
  const Prediction predicted = predict(arm, kModel);
  EXPECT_FALSE(predicted.fleet_size);
  EXPECT_FALSE(predicted.threads);
  EXPECT_FALSE(predicted.limit);
  EXPECT_FALSE(predicted.value);
  EXPECT_EQ(peak_tasks(arm, kModel), 22 * 24);
}

TEST(Predict, SetsNothingWithoutALimit) {
  const ArmPlan arm = arm_with({4, 40, 1, 1}, limits(LimitScope::fleet, {}, {}));
  const Prediction predicted = predict(arm, kModel);
  EXPECT_FALSE(predicted.fleet_size);
  EXPECT_EQ(predicted.scope, LimitScope::fleet);
  EXPECT_EQ(peak_tasks(arm, kModel), 40 * 42);
}

TEST(Predict, FailsAtTheStartWhereNotEvenTheBaseFits) {
  const Prediction predicted =
      predict(arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, 2, {})), kModel);
  EXPECT_EQ(predicted.fleet_size, 4);
  EXPECT_EQ(predicted.threads, 2);
}

TEST(Predict, CountsOneMoreWhereAMainProcessEntersAFullFleet) {
  // 11 frontends are 143 tasks.
  const ArmPlan full = arm_with({3, 16, 1, 1}, limits(LimitScope::fleet, 143, {}));
  EXPECT_EQ(predict(full, kModel).fleet_size, 12);
  EXPECT_EQ(predict(full, kModel).threads, 144);
  EXPECT_EQ(predict(full, kModel).value, 143);
  EXPECT_EQ(peak_tasks(full, kModel), 144);

  const ArmPlan roomy = arm_with({3, 16, 1, 1}, limits(LimitScope::fleet, 144, {}));
  EXPECT_EQ(predict(roomy, kModel).fleet_size, 12);
  EXPECT_EQ(predict(roomy, kModel).threads, 144);
  EXPECT_EQ(peak_tasks(roomy, kModel), 144);
}

TEST(Predict, CountsMainProcessesThatStillJoinInTheFailingStep) {
  // Visits 3, 8, 13; the 12th is refused, the main process of the 13th joins all the same.
  const ArmPlan arm = arm_with({3, 16, 5, 1}, limits(LimitScope::fleet, 150, {}));
  EXPECT_EQ(predict(arm, kModel).fleet_size, 13);
  EXPECT_EQ(predict(arm, kModel).threads, 150);
  EXPECT_EQ(peak_tasks(arm, kModel), 151);
}

TEST(Predict, NamesTheSmallerOfTwoLimits) {
  const auto with = [](std::int64_t pids, std::int64_t nproc) {
    return predict(arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, pids, nproc)), kModel);
  };
  EXPECT_EQ(with(20, 24).limit, LimitName::pids_max);
  EXPECT_EQ(with(20, 24).fleet_size, 19);
  EXPECT_EQ(with(24, 20).limit, LimitName::rlimit_nproc);
  EXPECT_EQ(with(24, 20).value, 20);
  EXPECT_EQ(with(24, 20).fleet_size, 19);
}

TEST(Predict, LetsNprocAnswerATie) {
  const Prediction predicted =
      predict(arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, 20, 20)), kModel);
  EXPECT_EQ(predicted.limit, LimitName::rlimit_nproc);
  EXPECT_EQ(predicted.value, 20);
}

TEST(Predict, LetsNprocAnswerOneAboveAFullPidsMaxThatAMainProcessEntered) {
  const auto with = [](std::int64_t pids, std::int64_t nproc) {
    return predict(arm_with({3, 16, 1, 1}, limits(LimitScope::fleet, pids, nproc)), kModel);
  };
  EXPECT_EQ(with(143, 144).limit, LimitName::rlimit_nproc);
  EXPECT_EQ(with(143, 144).threads, 144);
  EXPECT_EQ(with(143, 144).value, 144);
  EXPECT_EQ(with(143, 145).limit, LimitName::pids_max);
  EXPECT_EQ(with(144, 145).limit, LimitName::pids_max);
}

TEST(Predict, NamesTheMemberWhoseConfigurationDrifted) {
  ArmPlan arm = arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, 24, {}));
  arm.limits.overrides[3][LimitName::pids_max].value = 20;
  const Prediction predicted = predict(arm, kModel);
  EXPECT_EQ(predicted.fleet_size, 19);
  EXPECT_EQ(predicted.threads, 20);
  EXPECT_EQ(predicted.value, 20);
  EXPECT_EQ(predicted.member, 3);
  EXPECT_EQ(predicted.failing, std::vector{3});
  EXPECT_EQ(peak_tasks(arm, kModel), 18 * 21 + 20);
}

TEST(Predict, AnOverrideMayRaiseALimit) {
  ArmPlan arm = arm_with({2, 40, 1, 1}, limits(LimitScope::frontend, 24, {}));
  for (int member = 1; member <= 40; ++member) {
    arm.limits.overrides[member][LimitName::pids_max].value = member == 7 ? 25 : 30;
  }
  EXPECT_EQ(predict(arm, kModel).fleet_size, 24);
  EXPECT_EQ(predict(arm, kModel).member, 7);
  arm.limits.overrides[7][LimitName::pids_max].value = std::nullopt;
  EXPECT_EQ(predict(arm, kModel).fleet_size, 29);
  EXPECT_EQ(predict(arm, kModel).member, std::nullopt) << "28 of 29 at once";
  EXPECT_EQ(predict(arm, kModel).failing.size(), 28U);
}

TEST(Predict, WhoCannotStartDoesNotMakeTheOthersGrow) {
  ArmPlan arm = arm_with({2, 8, 2, 1}, limits(LimitScope::frontend, 7, {}));
  arm.limits.overrides[6][LimitName::pids_max].value = 2;
  const Prediction predicted = predict(arm, kModel);  // 6 frontends would be 8 tasks each
  EXPECT_EQ(predicted.fleet_size, 6);
  EXPECT_EQ(predicted.threads, 2);
  EXPECT_EQ(predicted.failing, std::vector{6});
}

CostModel with_address_space(std::int64_t least_base, std::int64_t most_base,
                             std::int64_t per_peer) {
  CostModel model{3, static_cast<int>(per_peer / 100), "measured", {2, 3}};
  model.resources[Resource::address_space] = {least_base, most_base, per_peer};
  return model;
}

Prediction under_address_space(std::int64_t limit, const CostModel& model,
                               std::optional<std::int64_t> pids_max = {}) {
  ArmPlan arm = arm_with({2, 40, 1, model.per_peer}, limits(LimitScope::frontend, pids_max, {}));
  arm.limits.set(LimitName::rlimit_as, limit);
  return predict(arm, model);
}

TEST(PredictBytes, SaysWhichThreadsStackIsRefused) {
  const CostModel model = with_address_space(1000, 1000, 100);
  EXPECT_EQ(under_address_space(1899, model).fleet_size, 10);  // nine peers are 1900
  EXPECT_EQ(under_address_space(1900, model).fleet_size, 11);
  const Prediction predicted = under_address_space(1950, model);
  EXPECT_EQ(predicted.fleet_size, 11);
  EXPECT_EQ(predicted.threads, 12);
  EXPECT_EQ(predicted.limit, LimitName::rlimit_as);
  EXPECT_EQ(predicted.value, 1950);
  EXPECT_EQ(predicted.failing.size(), 11U);
  EXPECT_EQ(predicted.doubt, "");
}

TEST(PredictBytes, HoldsForWhateverCountsAProcess) {
  for (const auto& [name, resource] : {std::pair(LimitName::rlimit_data, Resource::data),
                                       {LimitName::rlimit_memlock, Resource::locked},
                                       {LimitName::rlimit_nofile, Resource::descriptors},
                                       {LimitName::max_map_count, Resource::maps}}) {
    CostModel model{3, 1, "measured", {2, 3}};
    model.resources[resource] = {26, 26, 2};
    ArmPlan arm = arm_with({2, 40, 1, 1}, limits(LimitScope::frontend, {}, {}));
    arm.limits.set(name, 45);
    const Prediction predicted = predict(arm, model);  // nine peers are 44
    EXPECT_EQ(predicted.limit, name);
    EXPECT_EQ(predicted.fleet_size, 11);
    EXPECT_EQ(predicted.threads, 12);
    arm.limits.set(name, 46);
    EXPECT_EQ(predict(arm, model).fleet_size, 12);
  }
}

TEST(PredictBytes, CountsThreadsWithinAPeer) {
  const CostModel model = with_address_space(1000, 1000, 300);  // three threads of 100
  EXPECT_EQ(under_address_space(1850, model).fleet_size, 4);
  EXPECT_EQ(under_address_space(1850, model).threads, 3 + 8);
}

TEST(PredictBytes, LetsTheLimitAnswerThatTheFirstThreadMeets) {
  const CostModel model = with_address_space(1000, 1000, 100);
  EXPECT_EQ(under_address_space(1950, model, 13).limit, LimitName::rlimit_as);
  EXPECT_EQ(under_address_space(1950, model, 11).limit, LimitName::pids_max);
  EXPECT_EQ(under_address_space(1950, model, 12).limit, LimitName::rlimit_as)
      << "glibc maps the stack before it asks for the task";
}

TEST(PredictBytes, DescriptorsAreTakenBeforeTheThread) {
  CostModel model{3, 1, "measured", {2, 3}};
  model.resources[Resource::descriptors] = {26, 26, 2};
  ArmPlan arm = arm_with({2, 40, 1, 1}, limits(LimitScope::frontend, 12, {}));
  for (const std::int64_t value : {44, 45}) {  // nine peers are 44; the tenth has one of its two
    arm.limits.set(LimitName::rlimit_nofile, value);
    EXPECT_EQ(predict(arm, model).limit, LimitName::rlimit_nofile) << value;
    EXPECT_EQ(predict(arm, model).threads, 12) << value;
  }
  arm.limits.set(LimitName::rlimit_nofile, 46);
  EXPECT_EQ(predict(arm, model).limit, LimitName::pids_max);
}

TEST(PredictBytes, DoubtsWhatOnlySomeFrontendsMeet) {
  const CostModel model = with_address_space(996, 1004, 100);
  EXPECT_EQ(under_address_space(1950, model).fleet_size, 11);
  const Prediction predicted = under_address_space(1900, model);
  EXPECT_FALSE(predicted.fleet_size);
  EXPECT_EQ(predicted.doubt,
            "RLIMIT_AS: 1900 lies between the 1896 and 1904 address_space_bytes that a frontend "
            "may need at 10 frontends");
  EXPECT_EQ(under_address_space(1000, model).doubt,
            "RLIMIT_AS: 1000 lies between the 996 and 1004 address_space_bytes that a frontend may "
            "need to start");
  const Prediction within = under_address_space(1700, with_address_space(996, 1004, 300));
  EXPECT_EQ(within.doubt,
            "RLIMIT_AS: not every frontend is refused the same thread at 4 frontends");
}

TEST(PredictBytes, NeedsAMeasurement) {
  EXPECT_EQ(under_address_space(1900, kModel).doubt,
            "RLIMIT_AS needs --calibrate: address_space_bytes are measured");
  EXPECT_EQ(under_address_space(1900, {3, 1, "measured", {2, 3}}).doubt,
            "RLIMIT_AS: the address_space_bytes measured lie on no line");
  ArmPlan arm = arm_with({2, 40, 1, 1}, limits(LimitScope::frontend, {}, {}));
  arm.limits.set(LimitName::rlimit_as, 1900);
  EXPECT_EQ(peak_tasks(arm, kModel), 40 * 42) << "the most that it can be";
}

CostModel with_memory() {
  CostModel model{3, 1, "measured", {2, 3, 10}};
  model.memory = MemoryCost{.fleet_size = 10,
                            .least_kept = 500,
                            .most_kept = 520,
                            .least_per_peer = 40,
                            .most_per_peer = 60,
                            .ahead = 100};
  return model;
}

TEST(PredictMemory, IsARangeFromTheMostThatIsChargedToTheLeastThatIsKept) {
  ArmPlan arm = arm_with({2, 40, 1, 1}, limits(LimitScope::frontend, {}, {}));
  arm.limits.set(LimitName::memory_max, 1000);
  const Prediction predicted = predict(arm, with_memory());
  // (520 + 60 x 4 + 60) x 9/8 + 100 = 1022 at 14, 955 at 13; 500 + 40 x 15 - 60 = 1040 at 25.
  EXPECT_EQ(predicted.fleet_size, 14);
  EXPECT_EQ(predicted.fleet_size_most, 25);
  EXPECT_EQ(predicted.limit, LimitName::memory_max);
  EXPECT_EQ(predicted.threads, std::nullopt);
  EXPECT_EQ(predicted.doubt, "");
  for (const int size : {14, 20, 25}) EXPECT_TRUE(fleet_size_as_predicted(predicted, size));
  for (const int size : {13, 26}) EXPECT_FALSE(fleet_size_as_predicted(predicted, size));
  EXPECT_FALSE(fleet_size_as_predicted(predicted, std::nullopt));
}

TEST(PredictMemory, OfTheWholeFleetIsSummed) {
  ArmPlan arm = arm_with({2, 40, 2, 1}, limits(LimitScope::fleet, {}, {}));
  arm.limits.set(LimitName::memory_max, 5000);
  const Prediction predicted = predict(arm, with_memory());
  EXPECT_EQ(predicted.fleet_size, 8);        // 8 x ((520 - 80 + 60) x 9/8 + 100) = 5296
  EXPECT_EQ(predicted.fleet_size_most, 12);  // 12 x (500 + 80 - 60) = 6240, 10 x 440 = 4400
  EXPECT_EQ(predicted.scope, LimitScope::fleet);
}

TEST(PredictMemory, DoubtsWhatItCannotSay) {
  ArmPlan arm = arm_with({2, 20, 1, 1}, limits(LimitScope::frontend, {}, {}));
  arm.limits.set(LimitName::memory_max, 1000);
  EXPECT_EQ(predict(arm, with_memory()).doubt,
            "memory.max is estimated: a frontend may find no memory left from 14 frontends on, and "
            "need not up to 20");
  EXPECT_EQ(predict(arm, kModel).doubt, "memory.max needs --calibrate: memory is measured");
  EXPECT_EQ(predict(arm, {3, 1, "measured", {2, 3}}).doubt,
            "memory.max: the memory of a frontend was not measured, or did not rise");
  arm.limits.set(LimitName::memory_max, 5000);
  EXPECT_EQ(predict(arm, with_memory()).doubt, "");
  EXPECT_EQ(predict(arm, with_memory()).fleet_size, std::nullopt);
}

CostModel with_commit(std::int64_t room, std::int64_t used) {
  CostModel model{3, 1, "measured", {2, 3}};
  model.resources[Resource::data] = {12 << 20, 12 << 20, 1 << 20};
  model.resources[Resource::address_space] = {32 << 20, 32 << 20, 1 << 20};
  model.host = {{LimitName::overcommit_memory, room, used}};
  return model;
}

// 16 frontends have 16 x 27 MiB, and of 480 MiB a 64th is doubtful.
TEST(PredictCommit, CountsTheHostAndWhatIsKeptFromAProcess) {
  ArmPlan arm = arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, {}, {}));
  arm.limits.set(LimitName::overcommit_memory, 2);
  const Prediction predicted = predict(arm, with_commit(480 << 20, 40 << 20));
  EXPECT_EQ(predicted.fleet_size, 16);       // 40 + 16 x 27.5 + 1.5 + 7.5 = 489; 15: 440.5
  EXPECT_EQ(predicted.fleet_size_most, 17);  // 40 + 17 x 28 - 7.5 = 508.5; 16: 464.5
  EXPECT_EQ(predicted.limit, LimitName::overcommit_memory);
  EXPECT_EQ(predicted.value, 2);
  EXPECT_EQ(predicted.scope, LimitScope::host);
  EXPECT_EQ(predict(arm, kModel).doubt,
            "vm.overcommit_memory needs --calibrate: memory is measured");
  EXPECT_EQ(predict(arm, {3, 1, "measured", {2, 3}}).doubt,
            "vm.overcommit_memory: the host's or a frontend's memory was not measured");
}

class StartingFleet : public testing::Test {
 protected:
  static std::vector<std::string> texts(const Experiment& experiment,
                                        const std::vector<CostModel>& models) {
    std::vector<std::string> texts;
    for (const Finding& finding : starting_fleet_findings(experiment, models)) {
      EXPECT_EQ(finding.line, 0);
      texts.push_back(finding.text);
    }
    return texts;
  }
  static Experiment of(std::vector<ArmPlan> arms) {
    Experiment experiment;
    experiment.arms = std::move(arms);
    return experiment;
  }
};

TEST_F(StartingFleet, IsRefusedWithWhatItNeeds) {
  const Experiment experiment = of({arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, 6, {})),
                                    arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, 6, {}))});
  const std::string expected =
      "limits.pids.max: 6 is below what a frontend of the starting fleet of 4 needs: "
      "8 tasks (base 5 + 1 per peer × 3)";
  const CostModel model{5, 1, "measured", {2, 3}};
  EXPECT_EQ(texts(experiment, {model, model}), std::vector<std::string>{expected});
  ASSERT_EQ(starting_fleet_findings(experiment, model).size(), 1U);
  EXPECT_EQ(starting_fleet_findings(experiment, model)[0].text, expected);
}

TEST_F(StartingFleet, IsFineWhereItFillsTheLimitExactly) {
  const Experiment experiment = of({arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, 6, 6)),
                                    arm_with({4, 40, 1, 1}, limits(LimitScope::fleet, 24, {}))});
  EXPECT_TRUE(texts(experiment, {kModel, kModel}).empty());
}

TEST_F(StartingFleet, OfASharedLimitIsCountedAsAWhole) {
  const Experiment experiment = of({arm_with({4, 40, 1, 1}, limits(LimitScope::fleet, 23, {}))});
  EXPECT_EQ(texts(experiment, {kModel}),
            std::vector<std::string>{"limits.pids.max: 23 is below what the starting fleet of 4 "
                                     "needs: 24 tasks (4 × (base 3 + 1 per peer × 3))"});
}

TEST_F(StartingFleet, IsMeasuredAgainstTheOverridesOfItsMembers) {
  ArmPlan arm = arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, 24, {}));
  arm.limits.overrides[4][LimitName::pids_max].value = 5;
  arm.limits.overrides[5][LimitName::pids_max].value = 1;  // not of the starting fleet
  EXPECT_EQ(texts(of({arm}), {kModel}),
            std::vector<std::string>{
                "limits.overrides.frontend-4.pids.max: 5 is below what frontend-4 of the starting "
                "fleet of 4 needs: 6 tasks (base 3 + 1 per peer × 3)"});
  arm.limits.set(LimitName::pids_max, 3);
  for (int member = 1; member <= 4; ++member) {
    arm.limits.overrides[member][LimitName::pids_max].value = 6;
  }
  EXPECT_TRUE(texts(of({arm}), {kModel}).empty()) << "the fleet's own value holds for none of them";
}

TEST_F(StartingFleet, IsMeasuredAgainstBytesWhereTheyAreKnown) {
  ArmPlan arm = arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, {}, {}));
  arm.limits.set(LimitName::rlimit_as, 1299);
  EXPECT_TRUE(texts(of({arm}), {kModel}).empty());
  EXPECT_EQ(texts(of({arm}), {with_address_space(1000, 1000, 100)}),
            std::vector<std::string>{
                "limits.RLIMIT_AS: 1299 is below what a frontend of the starting fleet of 4 needs: "
                "1300 address_space_bytes (base 1000 + 100 per peer × 3)"});
}

TEST_F(StartingFleet, IsMeasuredAgainstTheLeastMemoryThatItKeeps) {
  ArmPlan arm = arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, {}, {}));
  arm.limits.set(LimitName::memory_max, 79);
  EXPECT_TRUE(texts(of({arm}), {kModel}).empty());
  EXPECT_EQ(texts(of({arm}), {with_memory()}),
            std::vector<std::string>{"limits.memory.max: 79 bytes are below the least for a "
                                     "frontend of the starting fleet of 4: 80"});
}

TEST_F(StartingFleet, IsMeasuredAgainstWhatTheHostMayCommit) {
  ArmPlan arm = arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, {}, {}));
  arm.limits.set(LimitName::overcommit_memory, 2);
  EXPECT_TRUE(texts(of({arm}), {with_commit(128 << 20, 60 << 20)}).empty());
  EXPECT_EQ(texts(of({arm}), {with_commit(64 << 20, 10 << 20)}),
            std::vector<std::string>{"limits.vm.overcommit_memory: 67108864 bytes are below the "
                                     "least for the host and the starting fleet of 4: 72351744"});
}

TEST_F(StartingFleet, NamesTheArmsWhereTheyDiffer) {
  ArmPlan one = arm_with({4, 40, 1, 1}, limits(LimitScope::frontend, 8, 5));
  ArmPlan two = arm_with({4, 40, 1, 2}, limits(LimitScope::frontend, 8, {}));
  two.name = "two";
  EXPECT_EQ(texts(of({one, two}), {kModel, {3, 2, "documented", {}}}),
            (std::vector<std::string>{
                "arm unguarded: limits.RLIMIT_NPROC: 5 is below what a frontend of the starting "
                "fleet of 4 needs: 6 tasks (base 3 + 1 per peer × 3)",
                "arm two: limits.pids.max: 8 is below what a frontend of the starting fleet of 4 "
                "needs: 9 tasks (base 3 + 2 per peer × 3)"}));
}

TEST_F(StartingFleet, SaysWhereTheLimitStands) {
  const std::string text =
      "experiment: e\n"
      "fleet: {start: 4, end: 8}\n"
      "streams: [{name: s, shards: 1}]\n"
      "limits: {pids.max: 3}\n"
      "arms:\n"
      "  - {name: a, expect: any}\n"
      "  - {name: b, expect: any, limits: {pids.max: 4, RLIMIT_NPROC: 5}}\n";
  const auto findings = starting_fleet_findings(parse_experiment(text, "e.yaml"), kModel);
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(std::pair(findings[0].line, findings[0].column), std::pair(4, 20));
  EXPECT_EQ(std::pair(findings[1].line, findings[1].column), std::pair(7, 47));
  EXPECT_EQ(std::pair(findings[2].line, findings[2].column), std::pair(7, 64));
  const auto overridden =
      starting_fleet_findings(parse_experiment(text, "e.yaml", {"limits.pids.max=2"}), kModel);
  EXPECT_EQ(overridden[0].line, 0) << "an override stands in no line";
}

TEST_F(StartingFleet, WantsOneModelAnArm) {
  EXPECT_THROW(starting_fleet_findings(of({ArmPlan{}, ArmPlan{}}), std::vector<CostModel>{kModel}),
               std::invalid_argument);
}

}  // namespace
}  // namespace ceiling
