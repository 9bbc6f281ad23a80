#include "harness/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const Course kUnguarded;
const Course kRoomy{.failing = std::nullopt, .limit = 100};

RunVerdict outage() {
  return judge_run(kUnguarded, Outcome::outage, story(kUnguarded));
}

json result(const RunVerdict& run) {
  return json::parse(result_json(run));
}

TEST(ResultJson, CarriesWhatTheInterfacePromises) {
  const json document = result(outage());
  EXPECT_EQ(document["schema"], "ceiling.result/1");
  EXPECT_EQ(document["experiment"], "kinesis-2020");
  EXPECT_EQ(document["verdict"], "confirmed");
  EXPECT_GT(document["elapsed_s"].get<double>(), 0);
  const json& arm = document["arms"][0];
  EXPECT_EQ(arm["name"], "unguarded");
  EXPECT_EQ(arm["guardrails"], json::array());
  EXPECT_EQ(arm["outcome"], "outage");
  EXPECT_EQ(arm["cost_model"],
            json::parse(R"({"base": 5, "per_peer": 1, "source": "measured", "measured_at": [2, 3],
                            "resources": {"address_space_bytes":
                              {"base": 1000, "base_least": 1000, "per_peer": 100}}})"));
  EXPECT_EQ(arm["predicted"],
            json::parse(
                R"({"fleet_size": 7, "fleet_size_most": null, "threads": 10, "limit": "pids.max",
                            "value": 10,
                            "scope": "frontend", "member": null, "frontends_failed": 7, "doubt": null,
                            "admission": null, "alarm": null, "without": null, "beyond": null})"));
  EXPECT_EQ(arm["observed"],
            json::parse(
                R"({"fleet_size": 7, "threads": 10, "limit": "pids.max", "errno": "EAGAIN",
                            "member": null, "frontends_failed": 7, "failure": "build",
                            "admission": null, "alarm": null})"));
  EXPECT_EQ(arm["attribution"]["limit"], "pids.max");
  EXPECT_EQ(arm["attribution"]["where"], "/pids/frontend-1/pids.max");
  EXPECT_EQ(arm["attribution"]["evidence"]["pids.events"], "0 -> 7");
  EXPECT_EQ(arm["routable"], json::parse(R"({"before": 1.0, "lowest": 0.0, "after": 0.0})"));
  EXPECT_EQ(arm["invariants"][2],
            json::parse(R"({"name": "no-lost-records", "holds": true, "checked": 3, "evidence": "",
                            "judged": true})"));
  EXPECT_EQ(arm["reasons"], json::array());
}

TEST(ResultJson, WhatIsNotKnownIsNull) {
  const json arm = result(judge_run(kRoomy, Outcome::not_reached, story(kRoomy)))["arms"][0];
  for (const char* field : {"fleet_size", "threads", "limit"}) {
    EXPECT_TRUE(arm["predicted"][field].is_null()) << field;
    EXPECT_TRUE(arm["observed"][field].is_null()) << field;
  }
  EXPECT_TRUE(arm["observed"]["errno"].is_null());
  EXPECT_TRUE(arm["attribution"]["limit"].is_null());
  const json missing = result(judge_run(kRoomy, Outcome::not_reached, {}))["arms"][0];
  EXPECT_TRUE(missing["cost_model"].is_null());
  EXPECT_TRUE(missing["routable"]["before"].is_null());
}

TEST(ResultJson, SaysWhyAndWhatWasDamaged) {
  RunVerdict run = judge_run(kUnguarded, Outcome::not_reached, story(kUnguarded));
  run.damage = {"line 3: cut"};
  const json document = result(run);
  EXPECT_EQ(document["verdict"], "refuted");
  EXPECT_EQ(document["damage"], json::array({"line 3: cut"}));
  EXPECT_EQ(document["arms"][0]["reasons"],
            json::array({"expected not-reached, the outcome is outage"}));
}

TEST(ResultText, SaysItInOneLook) {
  const std::string text = result_text(outage(), false);
  EXPECT_THAT(text, HasSubstr("arm unguarded: confirmed\n"));
  EXPECT_THAT(text, HasSubstr("fleet size              7             7   frontends\n"));
  EXPECT_THAT(text, HasSubstr("all 7 frontends failed to build their shard-map: EAGAIN\n"));
  EXPECT_THAT(text, HasSubstr("refused by pids.max, /pids/frontend-1/pids.max\n"));
  EXPECT_THAT(text, HasSubstr("routable: 100 % before, 0 % lowest, 0 % after\n"));
  EXPECT_TRUE(text.ends_with("\nverdict: confirmed\n")) << text;
}

TEST(ResultText, ADifferenceStandsOut) {
  Course late = kUnguarded;
  late.failing = 8;
  const std::string text = result_text(judge_run(late, Outcome::outage, story(late)), false);
  EXPECT_THAT(text, HasSubstr("fleet size              7             8   DIFFERS\n"));
  EXPECT_THAT(text, HasSubstr("- fleet size: predicted 7, observed 8\n"));
  EXPECT_TRUE(text.ends_with("\nverdict: refuted\n")) << text;
}

TEST(ResultText, WhatWasNotTestedIsNoDifference) {
  History history = story(kUnguarded);
  history.resize(history.size() / 3);
  const std::string text = result_text(judge_run(kUnguarded, Outcome::outage, history), false);
  EXPECT_THAT(text, HasSubstr("fleet size              7             -   not tested\n"));
  EXPECT_THAT(text, Not(HasSubstr("DIFFERS")));
  EXPECT_TRUE(text.ends_with("\nverdict: unknown\n")) << text;
}

TEST(ResultText, PartOfASharedFleetIsCounted) {
  const Course shared{.limit = 70, .scope = LimitScope::fleet, .threads = 70};
  const std::string text = result_text(judge_run(shared, Outcome::outage, story(shared)), false);
  EXPECT_THAT(text, HasSubstr("1 of 7 frontends failed to build their shard-map"));
  EXPECT_THAT(text, HasSubstr("tasks in the scope of the whole fleet"));
}

TEST(ResultText, TheMemberThatDriftedIsNamed) {
  const std::string text =
      result_text(judge_run({.drifted = 3}, Outcome::outage, story({.drifted = 3})), false);
  EXPECT_THAT(text, HasSubstr("first          frontend-3    frontend-3   to fail\n"));
  EXPECT_THAT(text, HasSubstr("frontend-3 alone, of 7 frontends, failed to build"));
}

TEST(ResultText, AnUnprovedRefusalIsSaidToBe) {
  Course course = kUnguarded;
  course.threads = 9;
  const std::string text = result_text(judge_run(course, Outcome::outage, story(course)), false);
  EXPECT_THAT(text, HasSubstr("refused by no limit that could be proved\n"));
  EXPECT_THAT(text, HasSubstr("- refusal without a limit at its count\n"));
}

TEST(ResultText, AFleetThatNeverGetsThere) {
  const std::string text =
      result_text(judge_run(kRoomy, Outcome::not_reached, story(kRoomy)), false);
  EXPECT_THAT(text, HasSubstr("none          none   up to 12 frontends\n"));
  EXPECT_THAT(text, Not(HasSubstr("refused")));
}

TEST(ResultText, AShareBelowAllIsNeverShownAsAll) {
  RunVerdict run = outage();
  run.arms[0].routable = {1.0, 0.99999, std::nullopt};
  EXPECT_THAT(result_text(run, false), HasSubstr("100 % before, 99.99 % lowest, - after"));
}

TEST(ResultText, WhatIsRuledOutAndWhatIsBackIsSaid) {
  RunVerdict run = outage();
  EXPECT_THAT(result_text(run, false), Not(HasSubstr("ruled out")));
  run.arms[0].attribution.ruled_out["RLIMIT_AS"] = "40 of 64 in use at most";
  run.arms[0].dependents = {
      {.name = "drop-oldest", .kind = "drop-oldest", .back = false},
      {.name = "status-page", .kind = "status-page", .back = true, .back_after_s = 2.25}};
  const std::string text = result_text(run, false);
  EXPECT_THAT(text,
              HasSubstr("  ruled out\n    RLIMIT_AS                    40 of 64 in use at most\n"));
  EXPECT_THAT(text, HasSubstr("drop-oldest            not back after the recovery\n"));
  EXPECT_THAT(text, HasSubstr("status-page            back 2.2 s after the removal\n"));
  const json arm = result(run)["arms"][0];
  EXPECT_EQ(arm["attribution"]["ruled_out"]["RLIMIT_AS"], "40 of 64 in use at most");
  EXPECT_EQ(arm["dependents"][0]["back"], false);
  EXPECT_EQ(arm["dependents"][1]["back_after_s"], 2.25);
}

TEST(ResultText, NoLineIsWiderThan100Columns) {
  RunVerdict run = outage();
  run.experiment = std::string(150, 'x');
  run.arms[0].attribution.where = "/" + std::string(250, 'p');
  run.arms[0].attribution.evidence["fact"] = std::string(120, 'f');
  run.arms[0].reasons = {std::string(300, 'r')};
  run.arms[0].invariants[0].evidence = std::string(130, 'e');
  run.damage = {std::string(130, 'd')};
  std::istringstream lines(result_text(run, false));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(ResultText, DamageIsListed) {
  RunVerdict run = outage();
  run.damage = {"line 17: not JSON, or cut short"};
  EXPECT_THAT(result_text(run, false), HasSubstr("the history is damaged\n  - line 17: not JSON"));
}

ArmPrediction prediction_of(const Course& course) {
  const ArmVerdict arm = judge_arm(course, Outcome::any);
  return {arm.arm, *arm.cost_model, arm.predicted};
}

TEST(Predict, JsonHasTheArmsOfAResult) {
  const json document = json::parse(
      predict_json(experiment_of(kUnguarded, Outcome::outage), {prediction_of(kUnguarded)}));
  EXPECT_EQ(document["schema"], "ceiling.predict/1");
  const json arm = result(outage())["arms"][0];
  EXPECT_EQ(document["arms"][0]["predicted"], arm["predicted"]);
  EXPECT_EQ(document["arms"][0]["cost_model"], arm["cost_model"]);
}

TEST(Predict, TextSaysWhatAndWhy) {
  const Course shared{.limit = 70, .scope = LimitScope::fleet, .threads = 70};
  const std::string text = predict_text(
      experiment_of(kUnguarded, Outcome::outage),
      {prediction_of(kUnguarded), prediction_of(shared), prediction_of(kRoomy)}, false);
  EXPECT_THAT(text,
              HasSubstr("at 7 frontends every frontend fails: pids.max refuses at 10 tasks in the "
                        "scope of each frontend\n  why: a frontend would need 11 tasks there, "
                        "pids.max is 10\n"));
  EXPECT_THAT(
      text, HasSubstr("at 7 frontends at least one frontend fails: pids.max refuses at 70 tasks"));
  EXPECT_THAT(text, HasSubstr("why: the fleet would need 77 tasks there, pids.max is 70\n"));
  EXPECT_THAT(text, HasSubstr("no frontend fails up to 12 frontends\n"));
}

TEST(Predict, TextNamesTheMemberThatDrifted) {
  const std::string text = predict_text(experiment_of(kUnguarded, Outcome::outage),
                                        {prediction_of({.drifted = 3})}, false);
  EXPECT_THAT(text, HasSubstr("at 7 frontends frontend-3 alone fails: pids.max refuses at 10 tasks "
                              "in the scope of "
                              "frontend-3\n"));
}

}  // namespace
}  // namespace ceiling::test
