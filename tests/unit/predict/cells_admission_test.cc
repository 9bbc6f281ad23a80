// Cells with admission and alarm: a newcomer comes to the smallest cell that has room for it, and
// is kept out where none has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "harness/predict/alarm.h"
#include "harness/predict/own_scopes.h"
#include "harness/predict/predict.h"

namespace ceiling {
namespace {

using testing::ElementsAre;

const CostModel kMeasured{3, 1, "measured", {2, 3}};

ArmPlan parted(int cells, int end, std::vector<Guardrail> more, std::int64_t pids_max = 8) {
  ArmPlan arm;
  arm.name = "arm";
  arm.guardrails = std::move(more);
  arm.guardrails.push_back(Guardrail::cells);
  arm.fleet = {.start = std::max(4, cells), .end = end, .alarm_percent = 75, .alarm_at = {4, 9}};
  arm.fleet.cells = cells;
  arm.limits.scope = LimitScope::frontend;
  arm.limits.set(LimitName::pids_max, pids_max);
  return arm;
}

Prediction predicted(const ArmPlan& arm, const CostModel& model = kMeasured) {
  return predict(arm, shaped(model, arm));
}

TEST(CellsAdmission, KeepsTheFleetBelowTheCeilingOfACell) {
  const Prediction found = predicted(parted(3, 40, {Guardrail::admission}));  // six to a cell
  ASSERT_TRUE(found.admission);
  EXPECT_EQ(found.admission->fleet_size, 19);
  EXPECT_EQ(found.admission->member, 1);
  EXPECT_EQ(found.admission->limit, LimitName::pids_max);
  EXPECT_EQ(found.admission->left, 0);
  EXPECT_EQ(found.admission->needed, 1);
  EXPECT_EQ(found.fleet_size, 19);
  EXPECT_EQ(found.without->fleet_size, 7);
}

// Were it to wait for the full cell, one drifted server would be the ceiling of all.
TEST(CellsAdmission, PastAFullCellTheOthersGrowOn) {
  ArmPlan arm = parted(3, 40, {Guardrail::admission});
  arm.limits.overrides[2][LimitName::pids_max].value = 5;  // 2, 5, 8
  const Prediction found = predicted(arm);
  ASSERT_TRUE(found.admission);
  EXPECT_EQ(found.admission->fleet_size, 3 + 6 + 6 + 1);
  EXPECT_EQ(found.admission->member, 2) << "of the smallest cell";
  EXPECT_EQ(found.admission->value, 5);
  EXPECT_EQ(found.fleet_size, 16);
  EXPECT_EQ(found.failing, std::vector<int>{2});
  const auto sizes = cell_sizes(arm, shaped(kMeasured, arm), 15);
  EXPECT_EQ(sizes.at(8), 3);
  EXPECT_EQ(sizes.at(11), 6) << "cell 1, and not cell 2";
  EXPECT_EQ(peak_tasks(arm, shaped(kMeasured, arm)), 5 + 3 * 6 + 12 * 8);
  arm.guardrails = {Guardrail::cells};
  EXPECT_EQ(predicted(arm).fleet_size, 11) << "without admission cell 2 gets its fourth";
}

TEST(CellsAdmission, AFleetThatGoesPastAFullCellToItsEndMeetsNothing) {
  ArmPlan arm = parted(3, 15, {Guardrail::admission});
  arm.limits.overrides[2][LimitName::pids_max].value = 5;
  const Prediction found = predicted(arm);
  EXPECT_FALSE(found.admission);
  EXPECT_EQ(found.fleet_size, std::nullopt);
  EXPECT_EQ(found.without->fleet_size, 4);
}

TEST(CellsAdmission, ANewcomerOfSmallLimitIsKeptOutForItsOwn) {
  ArmPlan arm = parted(2, 40, {Guardrail::admission}, 30);
  arm.limits.overrides[9][LimitName::pids_max].value = 6;  // four to each cell, 3 peers fit
  const auto admission = predicted(arm).admission;
  ASSERT_TRUE(admission);
  EXPECT_EQ(admission->fleet_size, 9);
  EXPECT_EQ(admission->member, 9);
  EXPECT_EQ(admission->left, 3);
  EXPECT_EQ(admission->needed, 4);
}

TEST(CellsAdmission, OfASharedScopeCountsThePairsOfTheSmallestCell) {
  ArmPlan arm = parted(3, 40, {Guardrail::admission});
  arm.limits.scope = LimitScope::fleet;
  arm.limits.set(LimitName::pids_max, 60);
  const CostModel model = shaped(kMeasured, arm);
  const auto admission = predicted(arm).admission;
  ASSERT_TRUE(admission);
  const int kept = admission->fleet_size - 1;
  EXPECT_EQ(kept, 10);  // 4, 3 and 3: 54 tasks
  EXPECT_EQ(admission->left, 60 - model.fleet_tasks(kept) - 3);
  EXPECT_EQ(admission->needed, 2 * (kept / 3));
}

// Frontends one by one and threads one by one, by the rule and nothing else.
struct Counted {
  std::vector<std::vector<int>> cells;
  std::optional<int> kept_out;
};
Counted counted(const ArmPlan& arm, const CostModel& model) {
  Counted fleet{std::vector<std::vector<int>>(static_cast<std::size_t>(*arm.fleet.cells)), {}};
  const auto fits = [&](std::vector<int> cell, int newcomer) {
    cell.push_back(newcomer);
    return std::all_of(cell.begin(), cell.end(), [&](int member) {
      std::int64_t tasks = model.base;
      for (const int peer : cell) tasks += peer == member ? 0 : model.per_peer;
      return tasks <= *arm.limits.value(LimitName::pids_max, member);
    });
  };
  for (int member = 1; member <= arm.fleet.end; ++member) {
    std::vector<int>* chosen = nullptr;
    for (auto& cell : fleet.cells) {
      const bool may = member <= arm.fleet.start || fits(cell, member);
      if (may && (chosen == nullptr || cell.size() < chosen->size())) chosen = &cell;
    }
    if (chosen == nullptr) {
      fleet.kept_out = member;
      return fleet;
    }
    chosen->push_back(member);
  }
  return fleet;
}

TEST(CellsAdmission, IsWhatAModelThatOnlyCountsSays) {
  std::mt19937 random(11);
  const auto pick = [&](int from, int to) {
    return std::uniform_int_distribution<int>(from, to)(random);
  };
  int kept_out = 0;
  int went_past = 0;
  for (int round = 0; round < 5'000; ++round) {
    const CostModel plain{pick(1, 4), pick(1, 3), "measured", {2, 3}};
    ArmPlan arm = parted(pick(2, 4), pick(5, 40), {Guardrail::admission}, pick(8, 25));
    for (int drifted = pick(0, 2); drifted > 0; --drifted) {
      // Whoever cannot even start is another matter.
      arm.limits.overrides[pick(1, 20)][LimitName::pids_max].value = pick(plain.base, 25);
    }
    Experiment experiment;
    experiment.arms = {arm};
    const CostModel model = shaped(plain, arm);
    if (!starting_fleet_findings(experiment, model).empty()) continue;
    const Counted expected = counted(arm, plain);
    const Prediction found = predict(arm, model);
    ASSERT_EQ(found.doubt, "");
    ASSERT_EQ(found.admission.has_value(), expected.kept_out.has_value()) << round;
    ASSERT_EQ(found.fleet_size, expected.kept_out) << round;
    const int size = expected.kept_out.value_or(arm.fleet.end + 1) - 1;
    const auto sizes = cell_sizes(arm, model, size);
    for (const auto& cell : expected.cells) {
      for (const int member : cell) {
        ASSERT_EQ(sizes.at(member), static_cast<int>(cell.size())) << round;
        if (model.cell_size(size) < static_cast<int>(cell.size())) ++went_past;
      }
    }
    if (!expected.kept_out) continue;
    ++kept_out;
    ASSERT_EQ(found.admission->fleet_size, *expected.kept_out) << round;
    ASSERT_GT(found.admission->needed, found.admission->left) << round;
  }
  EXPECT_GT(kept_out, 1'000);
  EXPECT_GT(went_past, 100);
}

TEST(CellsAlarm, CountsTheServersThatFitInItsCell) {
  const auto alarm = predicted(parted(3, 40, {Guardrail::alarm})).alarm;
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->fleet_size, 10);  // the first with four to its cell: 6 of 8
  EXPECT_EQ(alarm->used, 6);
  EXPECT_EQ(alarm->member, 1);
  EXPECT_EQ(alarm->servers_left, 2) << "though eight more fit in the fleet";
}

TEST(CellsAlarm, GoesByTheCellOfTheDriftedMember) {
  ArmPlan arm = parted(3, 40, {Guardrail::alarm}, 40);
  arm.limits.overrides[5][LimitName::pids_max].value = 12;
  const auto alarm = predicted(arm).alarm;
  ASSERT_TRUE(alarm);
  EXPECT_EQ(alarm->member, 5);
  EXPECT_EQ(alarm->fleet_size, 3 * 6 + 2);  // seven to its cell: 9 of 12
  EXPECT_EQ(alarm->servers_left, 3);
}

TEST(CellsAlarm, WithAdmissionIsThatOfTheFleetThatIsLetIn) {
  ArmPlan arm = parted(2, 40, {Guardrail::alarm, Guardrail::admission}, 20);
  arm.limits.overrides[2][LimitName::pids_max].value = 4;  // 2 and 4: 4 of 4 from the start
  arm.fleet.start = 2;
  const auto finding = alarm_finding(arm, shaped(kMeasured, arm));
  ASSERT_TRUE(finding);
  arm.limits.overrides[2][LimitName::pids_max].value = 7;  // five to its cell, 75 % with four
  arm.fleet.alarm_percent = 100;                           // with five, and then none fit
  EXPECT_THAT(alarm_finding(arm, shaped(kMeasured, arm))->text,
              testing::HasSubstr("when no more servers fit in that cell; expected at most 71"));
}

TEST(CellsAlarm, OneThatComesTooLateForTheCellIsSaid) {
  ArmPlan arm = parted(3, 40, {Guardrail::alarm});
  arm.fleet.alarm_percent = 80;
  const auto finding = alarm_finding(arm, shaped(kMeasured, arm));
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->text,
            "fleet.alarm_percent: 80 % of pids.max 8 is first used at 13 frontends, when 1 more "
            "server fits in that cell; expected at most 75, so that at least two fit");
}

}  // namespace
}  // namespace ceiling
