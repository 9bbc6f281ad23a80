#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "harness/report/html/course.h"
#include "harness/report/html/growth.h"
#include "harness/report/html/limits.h"
#include "harness/report/html/recovery.h"
#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

using nlohmann::json;

struct Told {
  History history;
  ArmVerdict arm;
  ArmEvents events;
};

Told tell(const Course& course, History history) {
  Told told{std::move(history), judge_arm(course, Outcome::any, story(course)), {}};
  told.events = events_by_arm(told.history)[course.arm];
  return told;
}
Told tell(const Course& course) {
  return tell(course, story(course));
}
json growth_of(const Told& told) {
  return growth_json(told.arm, told.events);
}
json course_of(const Told& told) {
  return course_json(told.events);
}
json point(int size, int tasks) {
  return {{"fleet_size", size}, {"least", tasks}, {"most", tasks}};
}

TEST(Growth, IsWhatTheLimitCountsAtEverySize) {
  const json growth = growth_of(tell({}));
  EXPECT_EQ(growth["limit"], "pids.max");
  EXPECT_EQ(growth["unit"], "tasks");
  EXPECT_EQ(growth["scope"], "frontend");
  EXPECT_EQ(growth["ceiling"], 10);
  EXPECT_EQ(growth["observed"], json({point(4, 8), point(5, 9), point(6, 10), point(7, 10)}));
  EXPECT_EQ(growth["predicted"], json({point(4, 8), point(5, 9), point(6, 10), point(7, 11)}));
  ASSERT_EQ(growth["refusals"].size(), 1U);
  EXPECT_EQ(growth["refusals"][0]["fleet_size"], 7);
  EXPECT_EQ(growth["refusals"][0]["at"], 10);
  EXPECT_EQ(growth["refusals"][0]["count"], 7);
  EXPECT_EQ(growth["refusals"][0]["frontend"], "frontend-1");
  EXPECT_EQ(growth["refusals"][0]["errno"], "EAGAIN");
}

TEST(Growth, ASharedLimitCountsTheFleet) {
  const json growth = growth_of(tell({.limit = 70, .scope = LimitScope::fleet, .threads = 70}));
  EXPECT_EQ(growth["scope"], "fleet");
  EXPECT_EQ(growth["observed"][0], point(4, 32));
  EXPECT_EQ(growth["predicted"][0], point(4, 32));
  EXPECT_EQ(growth["refusals"][0]["at"], 70);
}

TEST(Growth, ALimitOnBytesIsDrawnInBytes) {
  const json growth = growth_of(tell({.limit = 1550, .name = LimitName::rlimit_as}));
  EXPECT_EQ(growth["unit"], "bytes");
  EXPECT_EQ(growth["ceiling"], 1550);
  EXPECT_EQ(growth["predicted"][0], point(4, 1300));
  EXPECT_EQ(growth["observed"][0], point(4, 1300));
}

TEST(Growth, ADriftedMemberHasTheCeiling) {
  EXPECT_EQ(growth_of(tell({.drifted = 3}))["ceiling"], 10);
}

TEST(Growth, WithoutALimitThereIsNone) {
  Told told = tell({.failing = std::nullopt, .limit = 100});
  told.arm.arm.limits.values.clear();
  told.arm.predicted = {};
  EXPECT_TRUE(growth_of(told).is_null());
}

TEST(Limits, TheBindingOneIsFirstAndEachIsAtItsFullest) {
  const Told told = tell({});
  const json limits = limits_json(told.arm, told.events);
  ASSERT_EQ(limits.size(), 2U);
  EXPECT_EQ(limits[0]["limit"], "pids.max");
  EXPECT_EQ(limits[0]["scope"], "frontend");
  EXPECT_EQ(limits[0]["value"], 10);
  EXPECT_EQ(limits[0]["used"], 10);
  EXPECT_EQ(limits[0]["refusals"], 7);
  EXPECT_EQ(limits[0]["binding"], true);
  EXPECT_EQ(limits[1]["scope"], "/x");
  EXPECT_EQ(limits[1]["used"], 300);
  EXPECT_EQ(limits[1]["refusals"], 0);  // 17 before, 17 after
  EXPECT_EQ(limits[1]["binding"], false);
}

TEST(Course, EverySweepStepAndEventStandsThere) {
  const json course = course_of(tell({}));
  ASSERT_EQ(course["steps"].size(), 4U);
  EXPECT_EQ(course["steps"][3]["fleet_size"], 7);
  EXPECT_EQ(course["steps"][3]["failed"], 7);
  ASSERT_EQ(course["routable"].size(), 4U);
  EXPECT_EQ(course["routable"][0]["share"], 1.0);
  EXPECT_EQ(course["routable"][2]["fleet_size"], 6);
  EXPECT_EQ(course["routable"][3]["share"], 0.0);
  int ok = 0;
  int failed = 0;
  for (const json& one : course["canary"]["counts"]) {
    ok += one["ok"].get<int>();
    failed += one["failed"].get<int>();
  }
  EXPECT_EQ(ok, 3);
  EXPECT_EQ(failed, 1);
  std::vector<std::string> kinds;
  for (const json& one : course["marks"]) kinds.push_back(one["kind"]);
  EXPECT_THAT(kinds, testing::ElementsAre("refusal", "audit", "end"));
  EXPECT_EQ(course["marks"][0]["count"], 7);
  EXPECT_EQ(course["marks"][0]["fleet_size"], 7);
}

TEST(Course, MarksOfDifferentStepsStayApart) {
  History history;
  for (int size = 4; size < 8; ++size) {
    const std::string name = "frontend-" + std::to_string(size);
    history.push_back({size + 0.1, "unguarded", FaultEvent{"killed", name, ""}});
    history.push_back({size + 0.2, "unguarded", FaultEvent{"killed", name + "0", ""}});
    history.push_back({size + 0.3, "unguarded", StepEvent{4, true, 4, {}}});
  }
  const json marks = course_of(tell({}, history))["marks"];
  ASSERT_EQ(marks.size(), 4U);
  EXPECT_EQ(marks[2]["count"], 2);
  EXPECT_EQ(marks[2]["text"], "frontend-6 killed");
  EXPECT_EQ(marks[2]["until_s"], 6.2);
}

TEST(Course, ALongArmStaysSmallAndLosesNoLowestShare) {
  History history;
  for (int i = 0; i < 50'000; ++i) {
    const double t_s = i * 0.1;
    history.push_back({t_s, "unguarded", FaultEvent{"killed", "frontend-1", ""}});
    history.push_back({t_s, "unguarded", StepEvent{4 + i % 2, true, 4, {}}});
    history.push_back({t_s, "unguarded",
                       RoutableEvent{i == 25'000  ? 0.125
                                     : i % 2 == 0 ? 1.0
                                                  : 0.5,
                                     16, 4}});
  }
  const json course = course_of(tell({}, history));
  EXPECT_LT(course.dump().size(), 300'000U);
  double lowest = 1;
  for (const json& one : course["routable"]) lowest = std::min(lowest, one["share"].get<double>());
  EXPECT_EQ(lowest, 0.125);
  int killed = 0;
  for (const json& one : course["marks"]) killed += one["count"].get<int>();
  EXPECT_EQ(killed, 50'000);
}

TEST(Course, ALongHealthIsItsChangesAndItsEnd) {
  History history;
  for (int t_s = 0; t_s < 3000; ++t_s) {
    const char* reason = t_s < 1000 ? "" : t_s < 2000 ? "no route" : "timed out";
    history.push_back(
        {t_s * 1.0, "unguarded", HealthEvent{"drop-oldest", t_s < 1000, reason, 3, 1}});
  }
  history.push_back({3000, "unguarded", DependentEndEvent{"drop-oldest", "signal 9", "", {}}});
  const json dependents = course_of(tell({}, history))["dependents"];
  ASSERT_EQ(dependents.size(), 1U);
  EXPECT_EQ(dependents[0]["name"], "drop-oldest");
  ASSERT_EQ(dependents[0]["health"].size(), 6U);
  EXPECT_EQ(dependents[0]["health"][1]["t_s"], 999);
  EXPECT_EQ(dependents[0]["health"][2]["reason"], "no route");
  EXPECT_EQ(dependents[0]["health"][4]["reason"], "timed out");
  EXPECT_EQ(dependents[0]["ended"]["detail"], "signal 9");
}

/// Restarts in the 60 s from 100 s on: a stretch is a second.
struct Restarted {
  History history;
  ArmVerdict arm = judge_arm({}, Outcome::any, story({}));

  Restarted() {
    arm.recovery = RecoveryVerdict{.plan = {.remove = {}, .limit_s = 90}};
    const auto put = [](std::uint64_t id, OpPhase phase) {
      return OpEvent{id, phase, "put", "frontend-1", "orders", -1, "k", 0};
    };
    tell(90, put(1, OpPhase::invoke));
    tell(95, RoutableEvent{0.5, 24, 6});
    tell(100, RestartEvent{"frontend-1", "planned"});
    tell(100.5, put(2, OpPhase::invoke));
    tell(100.6, put(3, OpPhase::invoke));
    tell(102, put(2, OpPhase::ok));
    tell(102, put(1, OpPhase::ok));
    tell(103.5, RemovalEvent{"frontend-1", 1004});
    tell(103.6, RestartEvent{"frontend-1", "removed"});
    tell(104.5, put(4, OpPhase::invoke));
    tell(104.6, put(4, OpPhase::unknown));
    tell(159, RoutableEvent{1.0, 24, 6});
    tell(160, RecoveryEndEvent{true, 2, 1});
    tell(161, put(5, OpPhase::invoke));
  }
  template <typename What>
  void tell(double t_s, What what) {
    history.push_back({t_s, "unguarded", std::move(what)});
  }
  json recovery() const { return recovery_json(arm, events_by_arm(history)["unguarded"]); }
};

TEST(Recovery, CountsWhatBeganInEachStretchSinceTheFirstRestart) {
  const json recovery = Restarted().recovery();
  EXPECT_EQ(recovery["from_s"], 100);
  EXPECT_EQ(recovery["to_s"], 60);
  EXPECT_EQ(recovery["stretch_s"], 1);
  EXPECT_EQ(recovery["limit_s"], 90);
  const auto stretch = [](int t_s, int requests, int failed, int restarts, int again,
                          int removals) {
    return json{{"t_s", t_s},           {"requests", requests}, {"failed", failed},
                {"restarts", restarts}, {"again", again},       {"removals", removals}};
  };
  EXPECT_EQ(recovery["stretches"],
            json({stretch(0, 2, 1, 1, 0, 0), stretch(3, 0, 0, 0, 1, 1), stretch(4, 1, 1, 0, 0, 0)}))
      << "a request that never ended failed; one from before is none of it";
  EXPECT_EQ(recovery["sweeps"], json::array({{{"t_s", 59}, {"share", 1.0}, {"pairs", 24}}}));
}

TEST(Recovery, OfAnArmWithoutRestartsIsNone) {
  Restarted none;
  remove<RestartEvent>(none.history);
  EXPECT_TRUE(none.recovery().is_null());
}

TEST(Course, AnArmOfNothingIsEmpty) {
  const json course = course_json({});
  EXPECT_EQ(course["steps"], json::array());
  EXPECT_EQ(course["marks"], json::array());
  EXPECT_EQ(course["dependents"], json::array());
}

}  // namespace
}  // namespace ceiling::test
