// Recoveries by the real programs: measured, wasteful, endless, and expected otherwise.
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using testing::HasSubstr;

class RecoveryTest : public CeilingTest {
 protected:
  /// Three frontends and on, the 7th of which is one too many.
  std::string small(const std::string& recovery, const std::string& fleet = "start: 3, end: 9",
                    const std::string& limits = "pids.max: 8") const {
    return file("small.yaml",
                "experiment: small\n"
                "fleet: {" +
                    fleet +
                    "}\n"
                    "streams: [{name: orders, shards: 4}]\n"
                    "clients: [{kind: canary, rate_per_s: 50}]\n"
                    "limits: {" +
                    limits +
                    "}\n"
                    "arms:\n"
                    "  - {name: only, expect: outage, recovery: {" +
                    recovery + "}}\n");
  }

  json judged(const Ended& ended, int status) const {
    EXPECT_EQ(ended.status, status) << ended.err << ended.out;
    EXPECT_EQ(schema_problems("result", ended.out), "");
    EXPECT_EQ(schema_problems("history", read_text(only_run() / "history.jsonl"), true), "");
    return json::parse(ended.out)["arms"][0];
  }
  json run(const std::string& experiment, int status) const {
    return judged(run_ceiling({"run", experiment, "--format", "json"}), status);
  }

  static bool is(const std::string& line, const std::string& event) {
    return line.find("\"event\":\"" + event + "\"") != std::string::npos;
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> found;
    if (runs().empty()) return found;
    std::istringstream text(read_text(runs().front() / "history.jsonl"));
    for (std::string line; std::getline(text, line);) {
      if (line.ends_with('}')) found.push_back(line);  // the last one may be under way
    }
    return found;
  }
  std::vector<json> events(const std::string& name) const {
    std::vector<json> found;
    for (const std::string& line : lines()) {
      if (is(line, name)) found.push_back(json::parse(line));
    }
    return found;
  }
  /// How many versions membership has vended since the first restart.
  int versions_since_restart() const {
    bool restarted = false;
    int before = 0;
    int last = 0;
    for (const std::string& line : lines()) {
      restarted = restarted || is(line, "restart");
      if (!is(line, "map")) continue;
      last = json::parse(line)["version"];
      if (!restarted) before = last;
    }
    return last - before;
  }
  void await(const Running& run, const std::string& event) const {
    while (events(event).empty() && !run.ended()) run.ended(milliseconds(5));
    EXPECT_FALSE(run.ended()) << run.err();
  }
};

TEST_F(RecoveryTest, EveryFrontendThatIsLeftIsRestartedUntilAllIsRoutable) {
  const json arm = run(small("strategy: paced, rate: 2, expect_safe: true"), 0);
  const json& recovery = arm["recovery"];
  EXPECT_EQ(recovery["strategy"], "paced");
  EXPECT_EQ(recovery["completed"], true);
  EXPECT_EQ(recovery["safe"], true);
  EXPECT_EQ(recovery["fleet_size"], 6);
  EXPECT_EQ(recovery["restarts"], 6);
  EXPECT_EQ(recovery["wasted_restarts"], 0);
  EXPECT_GT(recovery["routable_after_s"].get<double>(), 0);
  EXPECT_EQ(arm["outcome"], "outage");
  EXPECT_EQ(arm["routable"]["lowest"], 0.0);
  EXPECT_EQ(events("restart").size(), 6U);
  EXPECT_EQ(events("recovery-end").at(0)["completed"], true);
  std::printf("6 frontends, two at a time: every shard routable after %.2f s\n",
              recovery["routable_after_s"].get<double>());
}

TEST_F(RecoveryTest, AllAtOnceAndByTimeRestartEachOnceAsWell) {
  for (const char* recovery : {"strategy: all-at-once", "strategy: batches, rate: 4, every_ms: 200",
                               "strategy: all-at-once, remove: 3"}) {
    const std::string results = std::to_string(std::hash<std::string>()(recovery));
    const Ended ended =
        run_ceiling({"run", small(recovery), "--format", "json", "--results", results});
    ASSERT_EQ(ended.status, 0) << ended.err << ended.out;
    const json found = json::parse(ended.out)["arms"][0]["recovery"];
    const int size = std::string(recovery).ends_with("remove: 3") ? 4 : 6;
    EXPECT_EQ(found["completed"], true) << recovery;
    EXPECT_EQ(found["fleet_size"], size) << recovery;
    EXPECT_EQ(found["restarts"], size) << recovery;
  }
}

TEST_F(RecoveryTest, ThatIsSafeThoughItIsExpectedNotToBeRefutes) {
  const json arm = run(small("strategy: paced, rate: 3, expect_safe: false"), 1);
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(), HasSubstr("recovery: expected not to be safe"));
}

// One of nine is removed, and eight are as much too many as nine were.
TEST_F(RecoveryTest, ThatNeverCompletesIsNotSafe) {
  const std::string endless =
      small("strategy: all-at-once, remove: 1, limit_s: 2, expect_safe: true",
            "start: 3, end: 9, step: 3");
  const json arm = run(endless, 1);
  EXPECT_EQ(arm["recovery"]["completed"], false);
  EXPECT_EQ(arm["recovery"]["routable_after_s"], nullptr);
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("expected to be safe, it did not complete in 2 s, 0 restarts were wasted"));
  const Ended expected = run_ceiling(
      {"run", endless, "--set", "arms.only.recovery.expect_safe=false", "--results", "other"});
  EXPECT_EQ(expected.status, 0) << expected.out;
  EXPECT_THAT(expected.out, HasSubstr("not every shard routable in 2 s"));
}

// A frontend that is stopped after its restart cannot answer: it is removed, ends once it is
// continued, and is started once more.
TEST_F(RecoveryTest, AFrontendThatIsLateIsRemovedAndItsRestartWasWasted) {
  Running run =
      start_ceiling({"run",
                     small("strategy: batches, rate: 5, every_ms: 6000, health_timeout_ms: 500, "
                           "expect_safe: true"),
                     "--format", "json"});
  await(run, "restart");
  // Five leave, five join: each has to be a member again before it can be late.
  while (versions_since_restart() < 10 && !run.ended()) run.ended(milliseconds(5));
  ASSERT_FALSE(run.ended()) << run.err();
  const std::string run_id = registered().at(0)["run_id"];
  const auto procs = group().folders().front() / ("ceiling-" + run_id) / "arm-only" / "frontends" /
                     "frontend-2" / "cgroup.procs";
  const pid_t late = std::stoi(read_text(procs));
  ASSERT_GT(late, 1);
  ASSERT_EQ(::kill(late, SIGSTOP), 0);
  await(run, "removal");
  ASSERT_EQ(::kill(late, SIGCONT), 0);
  const json arm = judged(run.wait(), 1);
  EXPECT_EQ(arm["recovery"]["completed"], true);
  EXPECT_EQ(arm["recovery"]["restarts"], 7);
  EXPECT_EQ(arm["recovery"]["wasted_restarts"], 1);
  EXPECT_THAT(arm["reasons"].dump(), HasSubstr("1 of 7 restarts were wasted"));
  const auto removals = events("removal");
  ASSERT_EQ(removals.size(), 1U);
  EXPECT_EQ(removals[0]["frontend"], "frontend-2");
  EXPECT_GE(removals[0]["silent_ms"], 500);
  std::string faults;
  for (const json& fault : events("fault")) faults += fault.dump() + "\n";
  EXPECT_THAT(faults, HasSubstr("\"detail\":\"exit status 75\""));
}

TEST_F(RecoveryTest, WithAQuotaTheFrontendsShareTheCpu) {
  const json arm =
      run(small("strategy: paced, rate: 2", "start: 3, end: 9", "pids.max: 8, cpu_percent: 50"), 0);
  EXPECT_EQ(arm["recovery"]["completed"], true);
  const Ended dry = run_ceiling({"run", "--dry-run", folder() / "small.yaml"});
  EXPECT_THAT(dry.out, HasSubstr("only: 50 % of one CPU on the group of all frontends"));
}

TEST_F(RecoveryTest, OfWhatNeverFailsIsRefusedBeforeAnythingIsMade) {
  const std::string never = small("strategy: all-at-once", "start: 3, end: 6");
  for (const char* verb : {"run", "predict"}) {
    const Ended ended = run_ceiling({verb, never});
    EXPECT_EQ(ended.status, 64) << verb;
    EXPECT_THAT(ended.err,
                HasSubstr("small.yaml:7:44: arms.only.recovery: found a recovery in an "
                          "arm that never reaches a ceiling (no frontend fails up to 6)"))
        << verb;
  }
  EXPECT_TRUE(runs().empty());
}

}  // namespace
}  // namespace ceiling
