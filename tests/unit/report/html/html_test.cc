#include "harness/report/html.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "harness/report/report.h"
#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

struct Shown {
  explicit Shown(const Course& course, const std::string& name = "kinesis-2020")
      : experiment(experiment_of(course, Outcome::outage)), history(story(course)) {
    experiment.name = name;
    experiment.source = "experiment: " + name + "\n";
    verdict = judge(experiment, {history, {}});
  }
  ShownRun shown() const { return {verdict, &experiment, history, "ceiling-results/one"}; }
  std::string page() const {
    const ShownRun one = shown();
    return report_html({&one, 1});
  }

  Experiment experiment;
  History history;
  RunVerdict verdict;
};

json data_of(const std::string& page) {
  const std::string open = R"(<script type="application/json" id="data">)";
  const std::size_t from = page.find(open) + open.size();
  return json::parse(page.substr(from, page.find("</script>", from) - from));
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

TEST(Html, CarriesTheResultAsItIs) {
  const Shown run({});
  const json data = data_of(run.page());
  EXPECT_EQ(data["schema"], "ceiling.page/1");
  ASSERT_EQ(data["runs"].size(), 1U);
  EXPECT_EQ(data["runs"][0]["result"], json::parse(result_json(run.verdict)));
  EXPECT_EQ(data["runs"][0]["run"]["run_id"], "7f3a");
  EXPECT_EQ(data["runs"][0]["command"], "sudo ceiling run ceiling-results/one/experiment.yaml");
  EXPECT_EQ(data["runs"][0]["arms"].size(), 1U);
  EXPECT_EQ(data["runs"][0]["arms"][0]["growth"]["ceiling"], 10);
}

TEST(Html, LimitsOfTheHostNeedTheirOption) {
  Shown run({});
  run.experiment.arms[0].limits.set(LimitName::threads_max, 5000);
  EXPECT_THAT(data_of(run.page())["runs"][0]["command"].get<std::string>(),
              HasSubstr(" --host-limits"));
}

TEST(Html, LoadsNothing) {
  const std::string page = Shown({}).page();
  const std::regex loading(R"re((src|href|action|srcset)\s*=\s*["']?(?!#|data:,)[a-z/])re");
  std::smatch found;
  // Up to the scripts: those build attributes from texts of their own.
  const std::string head = page.substr(0, page.find("<script>\n"));
  EXPECT_FALSE(std::regex_search(head, found, loading)) << found.str();
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* call : {"fetch(", "XMLHttpRequest", "WebSocket", "import(", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(call)));
}

TEST(Html, WhatNamesSayIsNoMarkup) {
  const std::string evil = "</script><script>alert(1)</script><!-- <b>&amp;";
  const Shown run({}, evil);
  const std::string page = run.page();
  EXPECT_EQ(count(page, "<script"), 3);
  EXPECT_EQ(count(page, "</script>"), 3);
  EXPECT_EQ(count(page, "<!--"), 0);
  EXPECT_EQ(count(page, "<b>"), 0);
  EXPECT_EQ(data_of(page)["runs"][0]["result"]["experiment"], evil);
  EXPECT_THAT(page, HasSubstr("&lt;b>&amp;amp;"));
}

TEST(Html, BytesThatAreNoTextAreReplaced) {
  const Shown run({}, "a\xff\xfe");
  EXPECT_EQ(data_of(run.page())["runs"][0]["result"]["experiment"], "a\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Html, PlaceholdersInARunAreText) {
  const Shown run({}, "{{SCRIPTS}}");
  EXPECT_EQ(count(run.page(), "d3js.org/d3-scale"), 1);
}

TEST(Html, WithoutTheExperimentTheRestIsShown) {
  const History history = story({});
  const RunVerdict verdict = unjudged({history, {"experiment.yaml: it is not there"}});
  EXPECT_EQ(verdict.verdict, Verdict::unknown);
  const ShownRun run{verdict, nullptr, history, "one", {"result.json: it is not there"}};
  const json data = data_of(report_html({&run, 1}))["runs"][0];
  EXPECT_TRUE(data["command"].is_null());
  EXPECT_EQ(data["missing"], json({"result.json: it is not there"}));
  EXPECT_EQ(data["result"]["verdict"], "unknown");
  EXPECT_EQ(data["result"]["arms"][0]["name"], "unguarded");
  EXPECT_EQ(data["arms"][0]["course"]["steps"].size(), 4U);
}

TEST(Html, TwoRunsStandInOnePage) {
  const Shown one({});
  const Shown other({.failing = std::nullopt, .limit = 100}, "roomy");
  const ShownRun runs[] = {one.shown(), other.shown()};
  const std::string page = report_html(runs);
  const json data = data_of(page);
  ASSERT_EQ(data["runs"].size(), 2U);
  EXPECT_EQ(data["runs"][1]["result"]["experiment"], "roomy");
  EXPECT_THAT(page, HasSubstr("<title>kinesis-2020: confirmed and roomy: refuted</title>"));
}

}  // namespace
}  // namespace ceiling::test
