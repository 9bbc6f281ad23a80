#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <sstream>

#include "tests/e2e/find/find_case.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// What a search leaves: its history, and the logs of its command.
class FindRecordsTest : public FindTest {
 protected:
  std::vector<nlohmann::json> history() const {
    const std::string text = read_text(only_run() / "history.jsonl");
    EXPECT_EQ(schema_problems("history", text, true), "");
    std::vector<nlohmann::json> events;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
      events.push_back(nlohmann::json::parse(line));
    return events;
  }
  /// "trial", "ready", ...: of one trial, in order.
  static std::vector<std::string> names(const std::vector<nlohmann::json>& events,
                                        const std::string& trial) {
    std::vector<std::string> names;
    for (const auto& event : events) {
      if (event.at("arm") == trial) names.push_back(event.at("event"));
    }
    return names;
  }
  static nlohmann::json event(const std::vector<nlohmann::json>& events, const std::string& trial,
                              const std::string& name) {
    for (const auto& event : events) {
      if (event.at("arm") == trial && event.at("event") == name) return event;
    }
    return {};
  }
};

TEST_F(FindRecordsTest, TheHistoryTellsEveryTrial) {
  const Ended ended = find_testee(
      "strict", 5, {"--range", "1:40", "--probe", "echo asked; test -n \"$CEILING_DATA\""});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const auto events = history();
  EXPECT_EQ(events.front().at("event"), "run");
  EXPECT_EQ(events.front().at("experiment"), "find");
  for (const char* trial : {"unlimited", "trial-1-5"}) {
    EXPECT_THAT(names(events, trial),
                ElementsAre("trial", "ready", "probe", "sample", "outcome", "arm-end"));
    EXPECT_EQ(event(events, trial, "ready").at("by"), "log");
    EXPECT_EQ(event(events, trial, "probe").at("last_line"), "asked");
    EXPECT_EQ(event(events, trial, "sample").at("tasks"), 5);
    EXPECT_EQ(event(events, trial, "sample").at("pids_events"), 0);
    EXPECT_EQ(event(events, trial, "outcome").at("outcome"), "healthy");
  }
  EXPECT_EQ(event(events, "unlimited", "trial").at("value"), nullptr);
  EXPECT_EQ(event(events, "trial-1-5", "sample").at("value"), 5);
  EXPECT_THAT(names(events, "trial-2-4"),
              ElementsAre("trial", "fault", "sample", "outcome", "arm-end"));
  EXPECT_EQ(event(events, "trial-2-4", "fault").at("detail"), "exit status 3");
  EXPECT_EQ(event(events, "trial-2-4", "sample").at("pids_events"), 1);
  EXPECT_EQ(event(events, "trial-2-4", "outcome").at("outcome"), "refused-to-start");
  EXPECT_EQ(event(events, "trial-2-4", "outcome").at("why"),
            "ended with status 3 before it was ready");
}

TEST_F(FindRecordsTest, AResultThatCannotBeWrittenIsPrintedAllTheSame) {
  // The command stands in result.json, and not in the history: only the first is too long.
  How how;
  how.before_exec = [] {
    const rlimit small{16 << 10, 16 << 10};
    return ::setrlimit(RLIMIT_FSIZE, &small) == 0;
  };
  const Ended ended =
      run_ceiling({"find", "--quiet", "--range", "1:9", "--ready-log", "^ready", "--",
                   ceiling::find_testee(), "strict", "3", std::string(20 << 10, 'x')},
                  how);
  EXPECT_THAT(ended.out, testing::StartsWith("healthy from pids.max 3, refused-to-start at 2\n"));
  EXPECT_EQ(ended.err,
            "ceiling: cannot write ceiling-results/" + only_run().filename().native() +
                "/result.json: File too large\n  to do: make room there, or choose another "
                "place\n");
  EXPECT_EQ(ended.status, 69);
}

TEST_F(FindRecordsTest, OneThatIsCutShortSaysSo) {
  EXPECT_EQ(find({}, {"false"}).status, 64);
  const auto last = history().back();
  EXPECT_EQ(last.at("event"), "arm-end");
  EXPECT_EQ(last.at("completed"), false);
  EXPECT_EQ(last.at("reason"), "not healthy without any limit: ended with status 1");
}

TEST_F(FindRecordsTest, ReportAndVerifySayThatItIsASearch) {
  ASSERT_EQ(find_testee("strict", 5).status, 0);
  for (const char* verb : {"report", "verify"}) {
    const Ended ended = run_ceiling({verb, only_run().native()});
    EXPECT_EQ(ended.status, 64);
    EXPECT_EQ(ended.out, "");
    EXPECT_EQ(ended.err, fmt::format("ceiling: {}: found a search by ceiling find, expected a run: "
                                     "what it came to is in its result.json, each trial in its "
                                     "history.jsonl\n",
                                     only_run().native()));
  }
  EXPECT_FALSE(std::filesystem::exists(only_run() / "report.html"));
}

constexpr std::uintmax_t kMost = std::uintmax_t{16} << 20;

TEST_F(FindRecordsTest, ACommandThatPrintsWithoutEndDoesNotFillTheDisk) {
  const Ended ended = find({"--range", "1:2", "--ready", "sleep 0.5", "--timeout", "5"}, {"yes"});
  EXPECT_EQ(ended.status, 64) << ended.err;  // one task is all it needs
  const auto result = nlohmann::json::parse(read_text(only_run() / "result.json"));
  for (const auto& trial : {result.at("unlimited"), result.at("trials")[0]}) {
    EXPECT_EQ(trial.at("outcome"), "healthy");
    EXPECT_EQ(trial.at("last_line"), "y");
    const auto dropped = trial.at("log_dropped").get<std::uintmax_t>();
    EXPECT_GT(dropped, 0U);
    const auto log = read_text(only_run() / trial.at("log").get<std::string>());
    const std::string note =
        fmt::format("\nceiling: {} bytes that came after these were dropped\n", dropped);
    EXPECT_EQ(log.size(), kMost + note.size());
    EXPECT_THAT(log.substr(kMost), testing::Eq(note));
  }
}

TEST_F(FindRecordsTest, WhatAProbePrintsIsKeptNowhere) {
  const Ended ended = find({"--ready-log", "^ready", "--range", "1:20", "--probe",
                            "yes | head -c 100000000; echo the end"},
                           {ceiling::find_testee(), "strict", "5"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(event(history(), "unlimited", "probe").at("last_line"), "the end");
}

TEST_F(FindRecordsTest, ALineIsFoundBehindWhatIsDropped) {
  const Ended ended = find({"--ready-log", "^ready", "--range", "1:20", "--timeout", "20"},
                           {"sh", "-c",
                            "head -c 20000000 /dev/zero | tr '\\0' x; echo; exec " +
                                ceiling::find_testee() + " strict 5"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  const auto result = result_of(ended);
  EXPECT_EQ(result.at("smallest_healthy"), 5);
  EXPECT_EQ(result.at("unlimited").at("last_line"), "ready 5");
  EXPECT_GT(result.at("unlimited").at("log_dropped"), 20'000'000 - kMost);
}

TEST_F(FindRecordsTest, ItsUserMayOpenItsOutputAgain) {
  const Ended ended = find({"--user", "nobody"},
                           {"sh", "-c", "echo again > /dev/stdout && echo twice > /dev/stderr"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(result_of(ended).at("unlimited").at("last_line"), "twice");
}

}  // namespace
}  // namespace ceiling
