#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/e2e/find/find_case.h"

namespace ceiling {
namespace {

using testing::HasSubstr;

class FindOutcomesTest : public FindTest {
 protected:
  /// What `mode` does at one task less than the nine that it needs.
  std::string below(const std::string& mode, std::vector<std::string> options = {}) {
    options.insert(options.end(), {"--range", "2:20"});
    const Ended ended = find_testee(mode, 9, options);
    EXPECT_EQ(ended.status, 0) << ended.err;
    const auto result = result_of(ended);
    EXPECT_EQ(result.at("smallest_healthy"), 9) << mode;
    for (const auto& trial : result.at("trials")) {
      if (trial.at("value") != 8) continue;
      EXPECT_GE(trial.at("refusals").get<int>(), 1) << mode;
      return fmt::format("{}: {}", trial.at("outcome").get<std::string>(),
                         trial.at("why").get<std::string>());
    }
    return "not tried";
  }
};

TEST_F(FindOutcomesTest, EachIsNamed) {
  EXPECT_EQ(below("strict"), "refused-to-start: ended with status 3 before it was ready");
  EXPECT_EQ(below("crash"), "crashed: ended by signal 6");
  EXPECT_EQ(below("retry", {"--timeout", "0.6"}), "hung: it did not get ready within 0.6 s");
  EXPECT_EQ(below("deadlock", {"--timeout", "0.6"}), "hung: it did not get ready within 0.6 s");
  EXPECT_EQ(below("fewer"), "unnoticed: it was refused, and went on");
  EXPECT_EQ(below("ignore"), "unnoticed: it was refused, and went on");
}

TEST_F(FindOutcomesTest, AProbeTellsFewerThreadsFromAll) {
  EXPECT_EQ(below("fewer", {"--probe", "test $(cat $CEILING_DATA/tasks) = 9 || ! echo too few"}),
            "degraded: the probe ended with status 1: too few");
}

TEST_F(FindOutcomesTest, AProbeWithoutAnAnswerIsAHang) {
  EXPECT_EQ(below("fewer", {"--timeout", "0.6", "--probe",
                            "test $(cat $CEILING_DATA/tasks) = 9 || sleep 60"}),
            "hung: the probe did not end within its time limit");
}

TEST_F(FindOutcomesTest, AProcessThatGoesOnForWantOfAnotherIsAHang) {
  // The first ends with 0 whatever comes. The second needs three more to end.
  const Ended ended =
      find({"--range", "1:9", "--timeout", "1"},
           {"/usr/bin/python3", "-c",
            "import os, time\nif os.fork(): os._exit(0)\ntime.sleep(0.1)\npids = []\n"
            "try:\n for _ in range(3):\n  pids.append(os.fork())\n  if 0 in pids: break\n"
            "except OSError: time.sleep(1000)\nif 0 in pids: time.sleep(0.2)"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  const auto result = result_of(ended);
  EXPECT_EQ(result.at("smallest_healthy"), 4);
  EXPECT_EQ(result.at("below"), "hung");
  EXPECT_EQ(result.at("trials")[1].at("value"), 3);
  EXPECT_EQ(result.at("trials")[1].at("why"), "it ended, its processes did not within 1.0 s");
}

TEST_F(FindOutcomesTest, OneThatEndsAfterItWasReadyHasCrashed) {
  const std::string server =
      "import threading, time, sys\nprint('ready', flush=True)\ntry:\n for i in range(4): "
      "threading.Thread(target=threading.Event().wait, daemon=True).start()\nexcept RuntimeError: "
      "sys.exit(7)\nthreading.Event().wait()\n";
  const Ended ended =
      find({"--ready-log", "^ready", "--probe", "sleep 0.3"}, {"/usr/bin/python3", "-c", server});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const auto result = result_of(ended);
  EXPECT_EQ(result.at("smallest_healthy"), 5);
  EXPECT_EQ(result.at("below"), "crashed");
  EXPECT_EQ(result.at("trials")[1].at("why"), "ended with status 7 after it was ready");
}

TEST_F(FindOutcomesTest, ACrashIsToldByItsSignalAndItsLastLines) {
  const Ended ended = run_ceiling(
      {"find", "--ready-log", "^ready", "--range", "5:20", "--", "sh", "-c",
       "for i in 1 2 3 4 5 6; do echo line $i; done; exec " + ceiling::find_testee() + " crash 9"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, testing::HasSubstr("ended by signal 6\n"));
  for (int i = 2; i <= 6; ++i) {
    EXPECT_THAT(ended.out, testing::HasSubstr(fmt::format("said: line {}\n", i)));
  }
  EXPECT_THAT(ended.out, testing::Not(testing::HasSubstr("said: line 1\n")));
  const auto trial = nlohmann::json::parse(read_text(only_run() / "result.json")).at("trials")[1];
  EXPECT_EQ(trial.at("outcome"), "crashed");
  EXPECT_EQ(trial.at("signal"), 6);
  EXPECT_EQ(trial.at("status"), nullptr);
  EXPECT_EQ(trial.at("last_lines"),
            (nlohmann::json{"line 2", "line 3", "line 4", "line 5", "line 6"}));
}

TEST_F(FindOutcomesTest, OneThatIsHealthyFurtherBelowIsNotMonotonic) {
  const std::vector<std::string> options = {"--limit", "RLIMIT_NOFILE", "--range", "10:200"};
  EXPECT_THAT(run_ceiling({"find", "--limit", "RLIMIT_NOFILE", "--range", "10:200", "--ready-log",
                           "^ready", "--", ceiling::find_testee(), "descriptors", "100"})
                  .out,
              testing::StartsWith("healthy from RLIMIT_NOFILE 100, refused-to-start at 99; not "
                                  "monotonic: also healthy at 10\n"));
  const Ended ended = find_testee("descriptors", 100, options);
  EXPECT_EQ(ended.status, 2) << ended.err;
  const auto result = result_of(ended);
  EXPECT_EQ(result.at("monotonic"), false);
  EXPECT_EQ(outcomes(result), "10 healthy -, 99 refused-to-start -, 100 healthy -, ");
}

TEST_F(FindOutcomesTest, OneThatIsHealthyAtTimesIsFlaky) {
  const std::string script = fmt::format(
      "n=$(cat {0}/n || echo 0); echo $((n + 1)) > {0}/n; test $n = 4 && exit 3; exec "
      "{1} strict 9",
      folder().native(), ceiling::find_testee());
  const Ended ended =
      find({"--repeat", "2", "--range", "5:20", "--ready-log", "^ready"}, {"sh", "-c", script});
  EXPECT_EQ(ended.status, 2) << ended.err;
  const auto result = result_of(ended);
  EXPECT_EQ(result.at("flaky"), nlohmann::json{9});
  EXPECT_EQ(result.at("smallest_healthy"), nullptr);
}

TEST_F(FindOutcomesTest, EveryTrialBeginsAfresh) {
  const Ended ended = find({"--before", "echo begun > $CEILING_DATA/mark"},
                           {"sh", "-c",
                            "test $(ls $CEILING_DATA) = mark && touch $CEILING_DATA/used && exec " +
                                ceiling::find_testee() + " end 5"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(result_of(ended).at("smallest_healthy"), 5);
}

TEST_F(FindOutcomesTest, ItRunsAsWhoIsNamed) {
  const Ended ended =
      find({"--user", "nobody"}, {"sh", "-c",
                                  "test $(id -un) = nobody && touch $CEILING_DATA/x && exec " +
                                      ceiling::find_testee() + " end 5"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  const auto result = result_of(ended);
  EXPECT_EQ(result.at("user"), "nobody");
  EXPECT_EQ(result.at("smallest_healthy"), 5);
}

TEST_F(FindOutcomesTest, WhoCalledSudoIsTheUser) {
  const Ended ended = find({}, {"sh", "-c", "exec test $(id -u) = 65534"},
                           {.environment = {{"SUDO_UID", "65534"}, {"SUDO_GID", "65534"}}});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(result_of(ended).at("user"), "nobody");
}

}  // namespace
}  // namespace ceiling
