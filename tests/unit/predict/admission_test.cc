// Admission against a model that only counts: it asks, before a frontend comes, whether any scope
// would hold more tasks than its limit.
#include "harness/predict/admission.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ceiling {
namespace {

CostModel model_of(int base, int per_peer) {
  return {.base = base, .per_peer = per_peer, .source = "documented", .measured_at = {}};
}

ArmPlan arm_of(LimitScope scope, int start, int end) {
  ArmPlan arm;
  arm.name = "admission";
  arm.guardrails = {Guardrail::admission};
  arm.fleet = {start, end, 1, 1};
  arm.limits.scope = scope;
  return arm;
}

/// The smaller of what is set, and who it is; the one that is asked first at a tie.
struct Least {
  LimitName name{};
  std::int64_t value = 0;
};
std::optional<Least> least(const LimitPlan& limits, int member) {
  std::optional<Least> found;
  for (const LimitName name : {LimitName::rlimit_nproc, LimitName::pids_max}) {
    const auto value = limits.value(name, member);
    if (value && (!found || *value < found->value)) found = Least{name, *value};
  }
  return found;
}

/// The first size that does not fit, and nothing where somebody cannot even start before.
std::optional<int> counted(const ArmPlan& arm, const CostModel& model) {
  const bool own = arm.limits.scope == LimitScope::frontend;
  for (int size = arm.fleet.start + 1; size <= arm.fleet.end; ++size) {
    const auto limit = least(arm.limits, own ? size : 0);
    const std::int64_t started = (own ? 0 : model.fleet_tasks(size - 1)) + model.base;
    if (limit && started > limit->value) return std::nullopt;
    for (int member = 1; member <= (own ? size : 1); ++member) {
      const auto mine = least(arm.limits, own ? member : 0);
      const std::int64_t tasks = own ? model.frontend_tasks(size) : model.fleet_tasks(size);
      if (mine && tasks > mine->value) return size;
    }
  }
  return std::nullopt;
}

TEST(Admission, KeepsTheFleetAtTheLastSizeThatFits) {
  std::mt19937 random(7);
  const auto pick = [&](int from, int to) {
    return std::uniform_int_distribution<int>(from, to)(random);
  };
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    const bool own = pick(0, 1) == 0;
    ArmPlan arm = arm_of(own ? LimitScope::frontend : LimitScope::fleet, pick(1, 4), pick(5, 30));
    const CostModel model = model_of(pick(1, 5), pick(1, 4));
    const int most = own ? 60 : 900;
    if (pick(0, 3) > 0) arm.limits.set(LimitName::pids_max, pick(20, most));
    if (pick(0, 3) == 0) arm.limits.set(LimitName::rlimit_nproc, pick(20, most));
    for (int drifted = own ? pick(0, 2) : 0; drifted > 0; --drifted) {
      arm.limits.overrides[pick(1, 12)][LimitName::pids_max].value = pick(1, 40);
    }
    Experiment experiment;
    experiment.arms = {arm};
    if (!starting_fleet_findings(experiment, model).empty()) continue;  // is bad input
    const auto expected = counted(arm, model);
    const Prediction found = predict(arm, model);
    ASSERT_EQ(found.doubt, "");
    ASSERT_EQ(found.admission.has_value(), expected.has_value()) << round;
    if (!expected) continue;
    ++refused;
    ASSERT_EQ(found.admission->fleet_size, *expected) << round;
    ASSERT_GT(found.admission->needed, found.admission->left) << round;
    const auto mine = least(arm.limits, own ? *found.admission->member : 0);
    ASSERT_EQ(found.admission->limit, mine->name) << round;
    ASSERT_EQ(found.admission->value, mine->value) << round;
  }
  EXPECT_GT(refused, 5'000);
}

TEST(Admission, NamesTheCeilingOfADriftedMember) {
  ArmPlan arm = arm_of(LimitScope::frontend, 3, 20);
  arm.limits.set(LimitName::pids_max, 16);
  arm.limits.overrides[3][LimitName::pids_max].value = 8;
  const auto admission = predict(arm, model_of(3, 1)).admission;
  ASSERT_TRUE(admission);
  EXPECT_EQ(admission->fleet_size, 7);
  EXPECT_EQ(admission->member, 3);
  EXPECT_EQ(admission->value, 8);
  EXPECT_EQ(admission->left, 0);
  EXPECT_EQ(admission->needed, 1);
}

TEST(Admission, ANewcomerOfSmallLimitIsKeptOutForItsOwn) {
  ArmPlan arm = arm_of(LimitScope::frontend, 3, 20);
  arm.limits.set(LimitName::pids_max, 30);
  arm.limits.overrides[6][LimitName::pids_max].value = 7;
  const auto admission = predict(arm, model_of(3, 1)).admission;
  ASSERT_TRUE(admission);
  EXPECT_EQ(admission->fleet_size, 6);
  EXPECT_EQ(admission->member, 6);
  EXPECT_EQ(admission->left, 4);
  EXPECT_EQ(admission->needed, 5);
}

TEST(Admission, OfASharedScopeCountsBothEndsOfEveryNewPair) {
  ArmPlan arm = arm_of(LimitScope::fleet, 2, 20);
  arm.limits.set(LimitName::pids_max, 90);  // 8 are 80 tasks, a ninth starts with 3 more
  const auto admission = predict(arm, model_of(3, 1)).admission;
  ASSERT_TRUE(admission);
  EXPECT_EQ(admission->fleet_size, 9);
  EXPECT_EQ(admission->left, 7);
  EXPECT_EQ(admission->needed, 16);
  EXPECT_EQ(admission->member, std::nullopt);
}

TEST(Admission, WhoCannotStartIsRefusedByTheKernel) {
  ArmPlan arm = arm_of(LimitScope::fleet, 2, 20);
  arm.limits.set(LimitName::pids_max, 82);
  const Prediction found = predict(arm, model_of(3, 1));
  EXPECT_FALSE(found.admission);
  EXPECT_EQ(found.fleet_size, 9);
  ArmPlan drifted = arm_of(LimitScope::frontend, 3, 20);
  drifted.limits.overrides[5][LimitName::pids_max].value = 2;
  EXPECT_FALSE(predict(drifted, model_of(3, 1)).admission);
  EXPECT_EQ(predict(drifted, model_of(3, 1)).fleet_size, 5);
}

// Others of the same step come after it, and what they meet depends on who joined.
TEST(Admission, IsInDoubtWhereOneCannotStartInAStepInWhichAnotherIsKeptOut) {
  ArmPlan arm = arm_of(LimitScope::frontend, 3, 20);
  arm.fleet.step = 10;
  arm.limits.overrides[5][LimitName::pids_max].value = 2;
  arm.limits.set(LimitName::pids_max, 9);
  EXPECT_EQ(predict(arm, model_of(3, 1)).doubt,
            "admission: frontend-9 would be kept out in the step in which others cannot start");
}

TEST(Admission, IsNotPredictedWithoutTheGuardrail) {
  ArmPlan arm = arm_of(LimitScope::frontend, 3, 20);
  arm.guardrails.clear();
  arm.limits.set(LimitName::pids_max, 9);
  EXPECT_FALSE(predict(arm, model_of(3, 1)).admission);
}

}  // namespace
}  // namespace ceiling
