// Recoveries from hand-made histories: safe ones, wasteful ones, and those that never come to an
// end.
#include "harness/verify/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Recovered {
  RecoveryPlan plan{.strategy = RestartStrategy::paced, .rate = 2, .remove = {}, .limit_s = 30};
  bool completed = true;
  int wasted = 0;
  double took_s = 5;
};

constexpr double kBegin = 100;

/// An outage at 7 frontends; 6 of them are restarted, two at a time. A put fails in the second
/// batch, one more never ends.
History history_of(const Recovered& recovered) {
  const Course course;
  History history = story(course);
  const Event end = history.back();
  history.pop_back();
  const auto audit = std::find_if(history.begin(), history.end(), [](const Event& event) {
    const auto* op = std::get_if<OpEvent>(&event.what);
    return op && op->kind == "audit";
  });
  History after(audit, history.end());
  history.erase(audit, history.end());
  double t_s = kBegin;
  const auto tell = [&](auto what) { history.push_back({t_s, course.arm, std::move(what)}); };
  tell(RecoveryEvent{std::string(to_string(recovered.plan.strategy)), recovered.plan.rate, 7});
  tell(FaultEvent{"shrunk", "frontend-7", ""});
  tell(StepEvent{6, true, 6, {}});
  tell(RoutableEvent{1.0, 24, 6});
  t_s = kBegin + 1;  // the first restart
  OpEvent put{500, OpPhase::invoke, "put", "frontend-1", "orders", -1, "k", 0};
  for (int number = 1; number <= 6; ++number) {
    tell(RestartEvent{"frontend-" + std::to_string(number), "planned"});
    tell(FaultEvent{"exited", "frontend-" + std::to_string(number), "signal 9"});
    if (number == 3) {
      tell(put);
      put.phase = OpPhase::fail;
      tell(put);
      put.phase = OpPhase::invoke;
      put.id = 501;
      tell(put);
    }
  }
  for (int i = 0; i < recovered.wasted; ++i) {
    tell(RemovalEvent{"frontend-1", 1004});
    tell(RestartEvent{"frontend-1", "removed"});
  }
  t_s = kBegin + 1 + recovered.took_s;
  if (recovered.completed) tell(RoutableEvent{1.0, 24, 6});
  tell(RecoveryEndEvent{recovered.completed, 6 + recovered.wasted, recovered.wasted});
  put.phase = OpPhase::unknown;
  if (recovered.completed) tell(put);
  for (Event event : after) tell(event.what);
  tell(end.what);
  return history;
}

ArmVerdict judge_recovered(const Recovered& recovered, History history) {
  Experiment experiment = experiment_of(Course(), Outcome::outage);
  experiment.arms[0].recovery = recovered.plan;
  return judge(experiment, {std::move(history), {}}).arms.at(0);
}
ArmVerdict judge_recovered(const Recovered& recovered) {
  return judge_recovered(recovered, history_of(recovered));
}

Recovered expecting(bool safe, Recovered recovered = {}) {
  recovered.plan.expect_safe = safe;
  return recovered;
}

TEST(Recovery, IsMeasuredFromTheFirstRestartToTheSweepThatFindsEverything) {
  const ArmVerdict arm = judge_recovered(expecting(true));
  EXPECT_EQ(summary(arm), "confirmed outage");
  ASSERT_TRUE(arm.recovery);
  EXPECT_EQ(arm.recovery->routable_after_s, 5.0);
  EXPECT_EQ(arm.recovery->fleet_size, 6);
  EXPECT_EQ(arm.recovery->restarts, 6);
  EXPECT_EQ(arm.recovery->wasted_restarts, 0);
  EXPECT_TRUE(arm.recovery->safe());
  EXPECT_EQ(arm.recovery->requests, 2U);
  EXPECT_EQ(arm.recovery->failed_requests, 2U) << "one failed, one is unknown";
  EXPECT_EQ(arm.routable.after, 0.0) << "of the outage, not of its end";
}

TEST(Recovery, ThatWastesARestartIsNotSafe) {
  const Recovered wasteful{.wasted = 2};
  const ArmVerdict arm = judge_recovered(expecting(true, wasteful));
  EXPECT_EQ(summary(arm),
            "refuted outage: recovery: expected to be safe, 2 of 8 restarts were wasted");
  EXPECT_FALSE(arm.recovery->safe());
  EXPECT_EQ(summary(judge_recovered(expecting(false, wasteful))), "confirmed outage");
  EXPECT_EQ(summary(judge_recovered(wasteful)), "confirmed outage") << "nothing was expected";
}

TEST(Recovery, ThatIsSafeAgainstTheExpectationRefutes) {
  EXPECT_EQ(summary(judge_recovered(expecting(false))),
            "refuted outage: recovery: expected not to be safe, it completed and no restart was "
            "wasted");
}

TEST(Recovery, ThatNeverCompletesIsNotSafe) {
  const Recovered endless{.completed = false, .wasted = 1};
  const ArmVerdict arm = judge_recovered(expecting(true, endless));
  EXPECT_EQ(summary(arm),
            "refuted outage: recovery: expected to be safe, it did not complete in 30 s, 1 "
            "restarts were wasted");
  EXPECT_EQ(arm.recovery->routable_after_s, std::nullopt);
  EXPECT_EQ(summary(judge_recovered(expecting(false, endless))), "confirmed outage");
}

// Whatever line is lost, nothing is refuted by that; and what its end counts must be there.
TEST(Recovery, ALostLineNeverRefutes) {
  for (const bool safe : {true, false}) {
    const Recovered recovered = expecting(safe, {.wasted = safe ? 0 : 2});
    const History whole = history_of(recovered);
    for (std::size_t lost = 0; lost < whole.size(); ++lost) {
      History history = whole;
      history.erase(history.begin() + static_cast<std::ptrdiff_t>(lost));
      const ArmVerdict arm = judge_recovered(recovered, history);
      EXPECT_NE(arm.verdict, Verdict::refuted) << to_json_line(whole[lost]) << summary(arm);
      const auto& what = whole[lost].what;
      const bool counted =
          std::holds_alternative<RecoveryEvent>(what) ||
          std::holds_alternative<RestartEvent>(what) ||
          std::holds_alternative<RemovalEvent>(what) ||
          std::holds_alternative<RecoveryEndEvent>(what) ||
          (std::holds_alternative<RoutableEvent>(what) && whole[lost].t_s == kBegin + 6);
      if (counted) {
        EXPECT_EQ(arm.verdict, Verdict::unknown) << to_json_line(whole[lost]);
      }
    }
  }
}

TEST(Recovery, GapsAreNamed) {
  const Recovered recovered = expecting(true);
  History history = history_of(recovered);
  remove<RestartEvent>(history, [](const RestartEvent& e) { return e.frontend == "frontend-2"; });
  EXPECT_EQ(summary(judge_recovered(recovered, history)),
            "unknown outage: recovery: 6 restarts were made, the history has 5");
  history = history_of(recovered);
  remove<RecoveryEndEvent>(history);
  EXPECT_EQ(summary(judge_recovered(recovered, history)),
            "unknown outage: recovery: the history does not say how it ended");
  EXPECT_EQ(summary(judge_recovered(recovered, story(Course()))),
            "unknown outage: recovery: the history has none");
  EXPECT_EQ(summary(judge_arm(Course(), Outcome::outage, history_of(recovered))),
            "unknown outage: the history has a recovery, and the arm has none");
  Recovered other = recovered;
  other.plan.rate = 3;
  EXPECT_EQ(summary(judge_recovered(recovered, history_of(other))),
            "unknown outage: recovery: the history has one by paced 3");
}

TEST(Recovery, OfAContainedArmDoesNotCountAgainstIt) {
  const Course staged{.arm = "staged-build", .staged = true};
  Experiment experiment = experiment_of(staged, Outcome::contained);
  experiment.arms[0].recovery = Recovered().plan;
  History history = story(staged);
  History with = history_of({});
  const auto recovery = std::find_if(with.begin(), with.end(), [](const Event& event) {
    return std::holds_alternative<RecoveryEvent>(event.what);
  });
  const auto over = std::find_if(with.begin(), with.end(), [](const Event& event) {
    return std::holds_alternative<RecoveryEndEvent>(event.what);
  });
  const auto audit = std::find_if(history.begin(), history.end(), [](const Event& event) {
    const auto* op = std::get_if<OpEvent>(&event.what);
    return op && op->kind == "audit";
  });
  History inserted(recovery, over + 2);  // and the end of the last put
  for (Event& event : inserted) event.arm = staged.arm;
  history.insert(audit, inserted.begin(), inserted.end());
  EXPECT_EQ(summary(judge(experiment, {history, {}}).arms.at(0)), "confirmed contained");
}

ArmVerdict arm_that(const std::string& name, RecoveryPlan plan, std::optional<double> took,
                    int wasted = 0) {
  ArmVerdict arm;
  arm.arm.name = name;
  arm.recovery = RecoveryVerdict{.plan = plan,
                                 .completed = took.has_value(),
                                 .routable_after_s = took,
                                 .wasted_restarts = wasted};
  return arm;
}

TEST(FastestSafe, IsTheQuickestOfThoseThatWastedNothing) {
  const RecoveryPlan all{.strategy = RestartStrategy::all_at_once, .remove = {}};
  const auto paced = [](int rate) {
    return RecoveryPlan{.strategy = RestartStrategy::paced, .rate = rate, .remove = {}};
  };
  const std::vector<ArmVerdict> arms = {
      arm_that("all", all, std::nullopt, 12), arm_that("paced-1", paced(1), 9.0),
      arm_that("paced-2", paced(2), 6.0), arm_that("paced-4", paced(4), 7.5, 3),
      arm_that("paced-3", paced(3), 5.0, 1)};
  const ArmVerdict* safe = fastest_safe(arms);
  ASSERT_NE(safe, nullptr);
  EXPECT_EQ(safe->arm.name, "paced-2");
  std::vector<std::string> slower;
  for (const ArmVerdict* arm : slower_though_faster(arms, *safe)) slower.push_back(arm->arm.name);
  EXPECT_THAT(slower, ElementsAre("all", "paced-4"));
  EXPECT_EQ(fastest_safe({arms[0], arms[3]}), nullptr);
  EXPECT_EQ(fastest_safe({arm_that("all", all, 1.0)}), nullptr) << "that is no rate";
  EXPECT_EQ(fastest_safe({}), nullptr);
}

TEST(FastestSafe, PacesCanBeComparedWithinAStrategy) {
  const RecoveryPlan all{.strategy = RestartStrategy::all_at_once, .remove = {}};
  const RecoveryPlan paced{.strategy = RestartStrategy::paced, .rate = 9, .remove = {}};
  const RecoveryPlan slow{
      .strategy = RestartStrategy::batches, .rate = 2, .every_ms = 1000, .remove = {}};
  const RecoveryPlan quick{
      .strategy = RestartStrategy::batches, .rate = 1, .every_ms = 400, .remove = {}};
  EXPECT_TRUE(is_faster_paced(quick, slow));
  EXPECT_FALSE(is_faster_paced(slow, quick));
  EXPECT_FALSE(is_faster_paced(paced, slow));
  EXPECT_FALSE(is_faster_paced(slow, paced));
  EXPECT_TRUE(is_faster_paced(all, paced));
  EXPECT_FALSE(is_faster_paced(paced, all));
  EXPECT_FALSE(is_faster_paced(all, all));
}

}  // namespace
}  // namespace ceiling::test
