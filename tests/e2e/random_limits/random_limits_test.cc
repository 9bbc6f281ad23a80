// What was predicted is what is observed, whatever the limit. CEILING_SEED repeats a run.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/e2e/random_limits/random_run.h"
#include "workload/protocol/thread_accounting.h"

namespace ceiling {
namespace {

using nlohmann::json;

constexpr int kCases = 20;
constexpr int kAdmissionCases = 8;
constexpr int kShapeCases = 4;

TEST_P(RandomLimits, OfEachFrontendFailAllOfThem) {
  Random source = random(LimitScope::frontend);
  const RandomCase one = frontend_case(GetParam(), source);
  const json arm = run(one);
  expect_confirmed(one, arm);
  if (!arm.is_object()) return;
  EXPECT_EQ(arm.at("observed").at("threads"), one.value);
  EXPECT_EQ(arm.at("observed").at("frontends_failed"), arm.at("observed").at("fleet_size"));
}

TEST_P(RandomLimits, OfTheWholeFleetFailAtTheExactCount) {
  Random source = random(LimitScope::fleet);
  const RandomCase one = fleet_case(GetParam(), source);
  const json arm = run(one);
  expect_confirmed(one, arm);
  if (!arm.is_object()) return;
  const bool filled_exactly = GetParam() < 4;
  if (filled_exactly) {
    EXPECT_EQ(arm.at("observed").at("threads"), one.value + 1);
  }
  EXPECT_GE(arm.at("observed").at("frontends_failed"), 1);
}

/// With admission the fleet stays at the last size that fits, one addition before the kernel would
/// refuse. Of a shared scope a newcomer that cannot even start is refused by the kernel, and nobody
/// notices.
class RandomAdmission : public RandomLimits {
 protected:
  void expect_prevented(RandomCase one) {
    one.guardrails = "[staged-build, admission]";
    const json arm = run(one);
    ASSERT_TRUE(arm.is_object()) << "no result";
    EXPECT_EQ(status(), 0);
    EXPECT_EQ(arm.at("verdict"), "confirmed");
    const int fits = largest_fleet(one);
    const std::int64_t full =
        one.scope == LimitScope::frontend
            ? wire::kFrontendBaseTasks
            : tasks_of_fleet(fits, one.threads_per_peer) + wire::kFrontendBaseTasks;
    if (full > one.value) {
      EXPECT_EQ(arm.at("outcome"), "contained");
      EXPECT_EQ(arm.at("observed").at("failure"), "start");
      EXPECT_TRUE(arm.at("observed").at("admission").is_null());
      return;
    }
    EXPECT_EQ(arm.at("outcome"), "prevented");
    const json& refused = arm.at("observed").at("admission");
    EXPECT_EQ(refused.at("fleet_size"), fits + 1);
    EXPECT_EQ(refused.at("limit"), std::string(to_string(one.limit)));
    EXPECT_EQ(arm.at("observed").at("frontends_failed"), 0);
  }
};

TEST_P(RandomAdmission, OfEachFrontendStopsOneAdditionBeforeTheKernel) {
  Random source = random(LimitScope::frontend);
  expect_prevented(frontend_case(GetParam() + 2, source));
}

TEST_P(RandomAdmission, OfTheWholeFleetStopsOneAdditionBeforeTheKernel) {
  Random source = random(LimitScope::fleet);
  expect_prevented(fleet_case(GetParam() + 4, source));
}

class RandomShape : public RandomLimits {};

TEST_P(RandomShape, TheFirstCellThatIsFullFailsAndNoOther) {
  Random source = random(LimitScope::frontend);
  const int cells = 2 + GetParam() % 3;
  const RandomCase one = cells_case(cells, source);
  const json arm = run(one);
  expect_confirmed(one, arm);
  if (!arm.is_object()) return;
  const int in_cell = largest_fleet(one);
  const int fails = visited_above(one, cells * in_cell);
  EXPECT_EQ(arm.at("observed").at("fleet_size"), fails);
  EXPECT_EQ(arm.at("observed").at("threads"), one.value);
  int failed = 0;
  for (int first = 1; first <= cells; ++first) {
    int members = 0;
    for (int member = first; member <= fails; member += cells) ++members;
    if (members > in_cell) failed += members;
  }
  EXPECT_EQ(arm.at("observed").at("frontends_failed"), failed);
}

TEST_P(RandomShape, WithAdmissionEveryCellIsFilledAndOneAdditionMoreIsKeptOut) {
  Random source = random(LimitScope::frontend);
  const int cells = 2 + GetParam() % 3;
  RandomCase one = cells_case(cells, source);
  one.guardrails = "[staged-build, cells, admission]";
  one.expect = "prevented";
  const int in_cell = largest_fleet(one);
  int kept = cells * in_cell;
  std::string member = "frontend-1";
  // A drifted member of the starting fleet, with room for fewer peers, holds up its own cell only.
  if (GetParam() % 2 == 1 && in_cell > 2) {
    const auto pick = [&](int from, int to) {
      return std::uniform_int_distribution<int>(from, to)(source);
    };
    const int holds = pick(2, in_cell - 1);
    one.start = cells * (holds - 1);
    member = fmt::format("frontend-{}", pick(1, one.start));
    kept += holds - in_cell;
    one.limits_more = fmt::format(", overrides: {{{}: {{{}: {}}}}}", member, to_string(one.limit),
                                  tasks_of_fleet(holds, one.threads_per_peer) / holds);
  }
  const json arm = run(one);
  ASSERT_TRUE(arm.is_object()) << "no result";
  EXPECT_EQ(status(), 0);
  EXPECT_EQ(arm.at("verdict"), "confirmed");
  EXPECT_EQ(arm.at("outcome"), "prevented");
  const json& refused = arm.at("observed").at("admission");
  ASSERT_TRUE(refused.is_object());
  EXPECT_EQ(refused.at("fleet_size"), kept + 1);
  EXPECT_EQ(refused.at("limit"), std::string(to_string(one.limit)));
  EXPECT_EQ(refused.at("member"), member);
  EXPECT_EQ(arm.at("observed").at("frontends_failed"), 0);
}

/// The share that a member uses which has room for two more in its cell.
TEST_P(RandomShape, InCellsTheAlarmComesWhileTwoMoreFitInTheCell) {
  Random source = random(LimitScope::frontend);
  const int cells = 2 + GetParam() % 3;
  RandomCase one = cells_case(cells, source);
  one.value = wire::kFrontendBaseTasks +
              one.threads_per_peer * std::uniform_int_distribution<std::int64_t>(5, 12)(source);
  const int in_cell = largest_fleet(one);
  const int alarms = in_cell - 2;  // to a cell
  const std::int64_t used = tasks_of_fleet(alarms, one.threads_per_peer) / alarms;
  one.step = 1;
  one.start = cells * (alarms - 1);
  one.end = cells * in_cell + 2;
  one.guardrails = "[cells, alarm]";
  one.fleet_more += fmt::format(", alarm_percent: {}", used * 100 / one.value);
  const json arm = run(one);
  expect_confirmed(one, arm);
  if (!arm.is_object()) return;
  EXPECT_EQ(arm.at("observed").at("alarm").at("fleet_size"), one.start + 1);
  EXPECT_EQ(arm.at("predicted").at("alarm").at("servers_left"), 2);
}

TEST_P(RandomShape, ABudgetThatFitsTakesTheCeilingAwayAndALargerOneDoesNot) {
  Random source = random(LimitScope::frontend);
  RandomCase one = frontend_case(GetParam() + 2, source);
  const std::int64_t room = one.value - wire::kFrontendBaseTasks;
  const bool fits = GetParam() % 2 == 0;
  // A peer has all of its threads or none, so that a budget up to the next peer changes nothing.
  const std::int64_t used = room / one.threads_per_peer * one.threads_per_peer;
  const std::int64_t budget =
      fits ? std::uniform_int_distribution<std::int64_t>(0, used + one.threads_per_peer - 1)(source)
           : used + one.threads_per_peer;
  one.guardrails = "[multiplex]";
  one.fleet_more = fmt::format(", thread_budget: {}", budget);
  one.expect = fits ? "prevented" : "outage";
  const json arm = run(one);
  ASSERT_TRUE(arm.is_object()) << "no result";
  EXPECT_EQ(status(), 0);
  EXPECT_EQ(arm.at("verdict"), "confirmed");
  EXPECT_EQ(arm.at("outcome"), one.expect);
  const int without = visited_above(one, largest_fleet(one));
  EXPECT_EQ(arm.at("predicted").at("without").at("fleet_size"), without);
  if (fits) {
    EXPECT_EQ(arm.at("observed").at("frontends_failed"), 0);
  } else {
    EXPECT_EQ(arm.at("observed").at("fleet_size"), without);
    EXPECT_EQ(arm.at("observed").at("threads"), one.value);
  }
}

/// With a budget of threads that fits, admission goes by descriptors, to the last one.
TEST_P(RandomShape, WithABudgetAdmissionStopsOneAdditionBeforeTheDescriptorsEnd) {
  Random source = random(LimitScope::frontend);
  const auto pick = [&](int from, int to) {
    return std::uniform_int_distribution<int>(from, to)(source);
  };
  RandomCase one{.scope = LimitScope::frontend, .limit = LimitName::rlimit_nofile};
  one.threads_per_peer = pick(1, 3);
  one.value = 100 + 2 * one.threads_per_peer * pick(4, 10) + pick(0, 5);
  one.step = pick(1, 3);
  one.start = pick(1, 3);
  one.end = 30;
  one.guardrails = "[staged-build, multiplex, admission]";
  one.fleet_more = fmt::format(", thread_budget: {}", one.threads_per_peer * pick(0, 4));
  one.expect = "prevented";
  const json arm = run(one);
  ASSERT_TRUE(arm.is_object()) << "no result";
  EXPECT_EQ(status(), 0);
  EXPECT_EQ(arm.at("verdict"), "confirmed");
  const json& refused = arm.at("observed").at("admission");
  ASSERT_TRUE(refused.is_object());
  EXPECT_EQ(refused.at("limit"), "RLIMIT_NOFILE");
  EXPECT_EQ(refused.at("fleet_size"), arm.at("predicted").at("admission").at("fleet_size"));
  EXPECT_EQ(arm.at("observed").at("frontends_failed"), 0);
}

INSTANTIATE_TEST_SUITE_P(Case, RandomShape, testing::Range(0, kShapeCases));

INSTANTIATE_TEST_SUITE_P(Case, RandomAdmission, testing::Range(0, kAdmissionCases));

INSTANTIATE_TEST_SUITE_P(Case, RandomLimits, testing::Range(0, kCases));

}  // namespace
}  // namespace ceiling
