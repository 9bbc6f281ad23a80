#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;

class DependentsTest : public CeilingTest {
 protected:
  static json dependent(const json& arm, const std::string& name) {
    for (const json& one : arm["dependents"]) {
      if (one["name"] == name) return one;
    }
    ADD_FAILURE() << "no " << name << " in " << arm["dependents"];
    return {};
  }

  /// Three frontends to seven, the 6th of which is one too many.
  std::string small(const std::string& clients, const std::string& arm) const {
    return "experiment: small\n"
           "fleet: {start: 3, end: 7}\n"
           "backends: 1\n"
           "streams: [{name: orders, shards: 4}]\n"
           "clients: [" +
           clients +
           "]\n"
           "limits: {pids.max: 7}\n"
           "arms:\n"
           "  - {name: only, expect: outage, " +
           arm + "}\n";
  }
};

TEST_F(DependentsTest, EachFailsInItsOwnWayAndTheCureSparesThemAll) {
  const Ended run = run_ceiling({"run", shipped("dependents"), "--format", "json"},
                                {.patience = std::chrono::seconds(120)});
  ASSERT_EQ(run.status, 0) << run.err << run.out;
  EXPECT_EQ(schema_problems("result", run.out), "");
  EXPECT_EQ(schema_problems("history", read_text(only_run() / "history.jsonl"), true), "");
  const json result = json::parse(run.out);
  const json& outage = result["arms"][0];
  for (const auto& [name, outcome] :
       std::map<std::string, std::string>{{"blocking-buffer", "down"},
                                          {"unbounded-buffer", "killed"},
                                          {"drop-oldest", "degraded"},
                                          {"alarm-on-missing-data", "down"},
                                          {"status-page", "down"}}) {
    const json one = dependent(outage, name);
    EXPECT_EQ(one["outcome"], outcome) << one;
    EXPECT_EQ(one["healthy_before"], true) << one;
    if (outcome != "degraded") {
      EXPECT_GE(one["after_outage_s"], 0.0) << one;
    }
    const json spared = dependent(result["arms"][1], name);
    EXPECT_EQ(spared["outcome"], "unaffected") << spared;
    EXPECT_EQ(spared["lost_at_s"], nullptr) << spared;
  }
  EXPECT_EQ(dependent(outage, "blocking-buffer")["buffered"], 75);
  EXPECT_EQ(dependent(outage, "blocking-buffer")["dropped"], 0);
  EXPECT_EQ(dependent(outage, "drop-oldest")["buffered"], 75);
  EXPECT_GT(dependent(outage, "drop-oldest")["dropped"], 0);
  EXPECT_THAT(dependent(outage, "status-page")["reason"].get<std::string>(),
              HasSubstr("login: no answer in 1000 ms"));
  EXPECT_EQ(leftovers(), "");
}

// The killer must have been the kernel's, and have met this one process only.
TEST_F(DependentsTest, TheOomKillerEndsTheUnboundedBufferInItsGroupOnly) {
  const std::string text = small(
      "{kind: unbounded-buffer, rate_per_s: 25, record_bytes: 64000, memory_max: 12M}, "
      "{kind: drop-oldest, rate_per_s: 50, buffer: 50}",
      "hold_s: 40, dependents: {unbounded-buffer: killed}");
  const Ended run = run_ceiling({"run", file("small.yaml", text), "--format", "json"},
                                {.patience = std::chrono::seconds(120)});
  ASSERT_EQ(run.status, 0) << run.err << run.out;
  const json arm = json::parse(run.out)["arms"][0];
  EXPECT_THAT(dependent(arm, "unbounded-buffer")["ended"].get<std::string>(),
              ContainsRegex("^signal 9, oom_kill 1 by "
                            "/.*/arm-only/dependents/unbounded-buffer/memory[.]"));
  EXPECT_EQ(dependent(arm, "drop-oldest")["ended"], "");
  std::istringstream lines(read_text(only_run() / "history.jsonl"));
  int ends = 0;
  for (std::string line; std::getline(lines, line);) {
    const json event = json::parse(line);
    ends += event["event"] == "dependent-end" ? 1 : 0;
    EXPECT_NE(event["event"], "fault") << line;
  }
  EXPECT_EQ(ends, 1);
  EXPECT_EQ(leftovers(), "");
}

TEST_F(DependentsTest, AnotherOutcomeThanExpectedRefutes) {
  const std::string text = small("{kind: drop-oldest, rate_per_s: 100, buffer: 20}",
                                 "hold_s: 3, dependents: {drop-oldest: unaffected}");
  const Ended run = run_ceiling({"run", file("small.yaml", text)});
  EXPECT_EQ(run.status, 1) << run.err << run.out;
  EXPECT_THAT(run.out, HasSubstr("dependent drop-oldest: expected unaffected, it was degraded"));
  EXPECT_THAT(run.out, HasSubstr("EXPECTED unaffected"));
  EXPECT_EQ(leftovers(), "");
}

TEST_F(DependentsTest, WhatIsAwayInTheOutageIsBackAfterTheRecovery) {
  const std::string text = small(
      "{kind: blocking-buffer, rate_per_s: 50, buffer: 20}",
      "hold_s: 20, dependents: {blocking-buffer: down}, "
      "recovery: {strategy: paced, rate: 5, expect_safe: true, expect_back: [blocking-buffer]}");
  const Ended run = run_ceiling({"run", file("small.yaml", text), "--format", "json"});
  ASSERT_EQ(run.status, 0) << run.err << run.out;
  EXPECT_EQ(schema_problems("result", run.out), "");
  const json arm = json::parse(run.out)["arms"][0];
  EXPECT_EQ(arm["recovery"]["expect_back"], json({"blocking-buffer"}));
  EXPECT_EQ(dependent(arm, "blocking-buffer")["back"], true);
  EXPECT_GT(dependent(arm, "blocking-buffer")["back_after_s"], 0.0);
  EXPECT_LT(dependent(arm, "blocking-buffer")["back_after_s"], 60.0);
}

// The kernel ended it in the outage: that the fleet is well again is of no use to it, and there is
// nothing to wait for.
TEST_F(DependentsTest, OneThatWasKilledIsNotBackAndTheArmIsRefuted) {
  const std::string text =
      small("{kind: unbounded-buffer, rate_per_s: 25, record_bytes: 64000, memory_max: 12M}",
            "hold_s: 40, dependents: {unbounded-buffer: killed}, "
            "recovery: {strategy: paced, rate: 5, limit_s: 600, expect_back: [unbounded-buffer]}");
  const Ended run = run_ceiling({"run", file("small.yaml", text), "--format", "json"},
                                {.patience = std::chrono::seconds(120)});
  ASSERT_EQ(run.status, 1) << run.err << run.out;
  const json arm = json::parse(run.out)["arms"][0];
  EXPECT_EQ(arm["recovery"]["completed"], true);
  EXPECT_EQ(dependent(arm, "unbounded-buffer")["outcome"], "killed");
  EXPECT_EQ(dependent(arm, "unbounded-buffer")["back"], false);
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("dependent unbounded-buffer: expected to be back after the recovery, it "
                        "ended by signal 9, oom_kill 1 by /"));
}

TEST_F(DependentsTest, AStoredRunWhoseHealthIsMissingIsUnknown) {
  const std::string text = small("{kind: drop-oldest, rate_per_s: 10, buffer: 1000}",
                                 "hold_s: 1, dependents: {drop-oldest: unaffected}");
  ASSERT_EQ(run_ceiling({"run", file("small.yaml", text)}).status, 0);
  const std::filesystem::path stored = only_run() / "history.jsonl";
  std::istringstream lines(read_text(stored));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (json::parse(line)["event"] != "health") kept += line + "\n";
  }
  std::ofstream(stored) << kept;
  const Ended verified = run_ceiling({"verify", only_run().string()});
  EXPECT_EQ(verified.status, 2) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("dependent drop-oldest: it was never seen"));
}

TEST_F(DependentsTest, ADependentOnADependentThatIsNotThereIsRefusedAndNothingIsMade) {
  const std::string text = small(
      "{kind: drop-oldest, rate_per_s: 10, buffer: 10}, "
      "{kind: status-page, login: drop-odlest}",
      "hold_s: 1");
  const Ended run = run_ceiling({"run", file("small.yaml", text)});
  EXPECT_EQ(run.status, 64) << run.out;
  EXPECT_THAT(run.err, HasSubstr("small.yaml:5:87: clients.status-page.login: found "
                                 "\"drop-odlest\", which is no dependent here that takes logins; "
                                 "expected one of: drop-oldest; nearest: drop-oldest"));
  EXPECT_FALSE(std::filesystem::exists(folder() / "ceiling-results"));
  EXPECT_EQ(leftovers(), "");
}

}  // namespace
}  // namespace ceiling
