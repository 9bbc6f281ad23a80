// Cache servers that stop or end themselves with the map of the fifth version: what the others, and
// the verdict, make of it.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using nlohmann::json;
using testing::ElementsAre;

constexpr int kWithTheFifth = 7;  // frontends: 3 in the first version, one more in each

class LostCachesTest : public CeilingTest {
 protected:
  /// 3 to 9 frontends with two cache servers under 8 tasks each, which 6 with peers have.
  json arm_with(const std::string& cache_server, int status, const std::string& guardrails) const {
    const Ended ended = run_ceiling(
        {"run", file("small.yaml", small_experiment(8, 9, "prevented", guardrails)), "--format",
         "json", "--programs", programs_with("ceiling-cache", cache_server)});
    EXPECT_EQ(ended.status, status) << ended.err << ended.out;
    EXPECT_EQ(schema_problems("result", ended.out), "");
    EXPECT_EQ(schema_problems("history", read_text(only_run() / "history.jsonl"), true), "");
    return json::parse(ended.out)["arms"][0];
  }
  json arm_with(const std::string& cache_server, int status) const {
    return arm_with(cache_server, status, "[cache-fleet]");
  }
  /// Whom the history says this of, with what it says.
  std::set<std::string> faults(const std::string& kind) const {
    std::istringstream history(read_text(only_run() / "history.jsonl"));
    std::set<std::string> found;
    for (std::string line; std::getline(history, line);) {
      const json event = json::parse(line);
      if (event["event"] == "fault" && event["kind"] == kind) found.insert(event["target"]);
    }
    return found;
  }
  static json invariant(const json& arm, const std::string& name) {
    for (const json& one : arm["invariants"])
      if (one["name"] == name) return one["holds"];
    return "missing";
  }
  /// Nobody had a map of the version of the seventh frontend; the six before it went on.
  void expect_no_source(const json& arm) const {
    EXPECT_EQ(arm["verdict"], "refuted");
    EXPECT_EQ(arm["observed"]["fleet_size"], kWithTheFifth);
    EXPECT_EQ(arm["observed"]["frontends_failed"], kWithTheFifth);
    EXPECT_EQ(arm["observed"]["failure"], "build");
    EXPECT_TRUE(arm["observed"]["errno"].is_null());
    EXPECT_EQ(arm["observed"]["limit"], nullptr);
    EXPECT_THAT(arm["reasons"],
                ElementsAre("7 of 7 frontends had no source of maps: no cache server was there",
                            "predicted that no frontend fails up to 9, 7 failed at 7"));
    EXPECT_EQ(arm["routable"]["lowest"], 1.0);
    for (const char* name : {"no-wrong-map", "versions-rise", "no-lost-records", "right-shard"})
      EXPECT_EQ(invariant(arm, name), true) << name;
    EXPECT_EQ(faults("no-source").size(), 7U);
  }
};

TEST_F(LostCachesTest, OneThatIsStoppedIsNoticedAndTheOtherOneIsEnough) {
  const json arm = arm_with(ONE_STOPPED_CACHE, 0);
  EXPECT_EQ(arm["verdict"], "confirmed") << arm["reasons"];
  EXPECT_EQ(arm["outcome"], "prevented");
  EXPECT_EQ(arm["routable"]["lowest"], 1.0);
  EXPECT_EQ(faults("silent"), std::set<std::string>{"cache-1"});
  EXPECT_EQ(faults("no-source"), std::set<std::string>{});
}

TEST_F(LostCachesTest, OneThatIsKilledLeavesTheOtherOne) {
  const json arm = arm_with(ONE_KILLED_CACHE, 0);
  EXPECT_EQ(arm["verdict"], "confirmed") << arm["reasons"];
  EXPECT_EQ(arm["routable"]["lowest"], 1.0);
  EXPECT_EQ(faults("exited"), std::set<std::string>{"cache-1"});
}

TEST_F(LostCachesTest, WhenAllAreKilledTheVerdictIsRefutedAndSaysWhy) {
  const json arm = arm_with(KILLED_CACHES, 1);
  expect_no_source(arm);
  EXPECT_EQ(faults("exited"), (std::set<std::string>{"cache-1", "cache-2"}));
}

TEST_F(LostCachesTest, WhenAllAreStoppedLikewise) {
  const json arm = arm_with(STOPPED_CACHES, 1);
  expect_no_source(arm);
  EXPECT_EQ(faults("silent"), (std::set<std::string>{"cache-1", "cache-2"}));
}

}  // namespace
}  // namespace ceiling
