#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "harness/report/repeat.h"
#include "harness/report/report.h"
#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

RunVerdict outage() {
  return judge_run({}, Outcome::outage, story({}));
}
RunVerdict refuted() {
  return judge_run({}, Outcome::contained, story({}));
}
RunVerdict cut() {
  return judge(experiment_of({}, Outcome::outage), {{}, {"line 1: <cut>"}});
}

TEST(ResultJunit, OneCaseAnArmAndAnInvariantAndAllPass) {
  const RunVerdict run = outage();
  const std::string xml = result_junit(run);
  EXPECT_THAT(xml, HasSubstr(R"(<testsuites name="ceiling run" tests=")"));
  EXPECT_THAT(xml, HasSubstr(R"(failures="0" errors="0")"));
  EXPECT_THAT(xml, HasSubstr(R"(<testcase classname="kinesis-2020" name="history"/>)"));
  EXPECT_THAT(xml, HasSubstr(R"(<testcase classname="kinesis-2020.unguarded" name="arm"/>)"));
  for (const Invariant& one : run.arms[0].invariants)
    EXPECT_THAT(xml, HasSubstr("name=\"" + one.name + "\""));
}

TEST(ResultJunit, RefutedIsAFailure) {
  const std::string xml = result_junit(refuted());
  EXPECT_THAT(xml, HasSubstr("<failure message=\"refuted: outcome outage, expected contained\">"));
}

TEST(ResultJunit, UnknownAndDamagedAreErrors) {
  const std::string xml = result_junit(cut());
  EXPECT_THAT(xml, HasSubstr("<error message=\"unknown: outcome unknown, expected outage\">"));
  EXPECT_THAT(xml, HasSubstr("<error message=\"the history is damaged\">line 1: &lt;cut&gt;"));
}

TEST(ResultPrometheus, SaysVerdictsSizesAndShares) {
  const std::string text = result_prometheus(outage());
  for (const char* line :
       {R"(ceiling_run_verdict{experiment="kinesis-2020",verdict="confirmed"} 1)",
        R"(ceiling_run_verdict{experiment="kinesis-2020",verdict="refuted"} 0)",
        R"(ceiling_arm_verdict{experiment="kinesis-2020",arm="unguarded",verdict="confirmed"} 1)",
        R"(ceiling_arm_predicted_fleet_members{experiment="kinesis-2020",arm="unguarded"} 7)",
        R"(ceiling_arm_observed_fleet_members{experiment="kinesis-2020",arm="unguarded"} 7)",
        R"(ceiling_arm_observed_threads{experiment="kinesis-2020",arm="unguarded"} 10)",
        R"(ceiling_arm_routable_ratio{experiment="kinesis-2020",arm="unguarded",when="lowest"} 0)"})
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
}

TEST(ResultPrometheus, WhatIsUnknownHasNoSample) {
  const std::string text = result_prometheus(cut());
  EXPECT_THAT(text, HasSubstr(R"(verdict="unknown"} 1)"));
  EXPECT_THAT(text, Not(HasSubstr("ceiling_arm_observed_fleet_members")));
  EXPECT_THAT(text, Not(HasSubstr("ceiling_arm_routable_ratio")));
}

TEST(Repeat, CountsAndSpreads) {
  const Course later{.failing = 8, .limit = 11, .threads = 11};
  const std::vector<RepeatedRun> runs = {
      {"one", outage()},
      {"two", judge_run(later, Outcome::outage, story(later))},
      {"three", cut()},
  };
  const json document = json::parse(repeat_json(runs));
  EXPECT_EQ(document["verdict"], "unknown");
  EXPECT_EQ(document["verdicts"], json::parse(R"({"confirmed": 2, "refuted": 0, "unknown": 1})"));
  EXPECT_EQ(document["runs"][1]["folder"], "two");
  ASSERT_EQ(document["arms"].size(), 1U);
  EXPECT_EQ(document["arms"][0]["observed_fleet_sizes"], json::parse(R"([
      {"fleet_size": null, "runs": 1}, {"fleet_size": 7, "runs": 1}, {"fleet_size": 8, "runs": 1}])"));
  EXPECT_EQ(document["arms"][0]["lowest_routable"], json::parse(R"({"least": 0, "most": 0})"));
  EXPECT_THAT(repeat_text(runs, false),
              HasSubstr("no failure in 1, 7 frontends in 1, 8 frontends in 1 runs"));
  EXPECT_THAT(repeat_text(runs, false),
              HasSubstr("3 runs: 2 confirmed, 0 refuted, 1 unknown\nverdict: unknown\n"));
}

TEST(Repeat, RefutedIsTheWorst) {
  const std::vector<RepeatedRun> runs = {{"one", outage()}, {"two", cut()}, {"three", refuted()}};
  EXPECT_EQ(verdict_of(runs), Verdict::refuted);
  EXPECT_EQ(verdict_of(std::span(runs).first(2)), Verdict::unknown);
  EXPECT_EQ(verdict_of(std::span(runs).first(1)), Verdict::confirmed);
}

}  // namespace
}  // namespace ceiling::test
