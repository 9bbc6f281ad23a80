#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

#include "cgroups/control_file.h"
#include "tests/e2e/find/find_case.h"

namespace ceiling {
namespace {

using testing::HasSubstr;

struct Bad {
  std::vector<std::string> options;
  std::string said;
};

class BadFindInput : public FindTest, public testing::WithParamInterface<Bad> {};

TEST_P(BadFindInput, IsRefusedBeforeAnythingIsMade) {
  const Bad& bad = GetParam();
  const Ended ended = find(bad.options, {"true"});
  EXPECT_EQ(ended.status, 64) << ended.err;
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, HasSubstr(bad.said));
  EXPECT_TRUE(runs().empty());
}

std::vector<Bad> options() {
  std::vector<Bad> all;
  for (const char* text : {"", "5", "5:", ":5", "0:5", "-1:5", "5:5", "6:5", "1.5:5", "1:x", "a:b",
                           "1:5:9", "1:5 ", "1:64M", "1:99999999999999999999"}) {
    if (*text == '\0') continue;
    all.push_back(
        {{"--range", text},
         fmt::format("ceiling: --range: found \"{}\", expected A:B, whole numbers from 1, "
                     "B at least 1 above A\n",
                     text)});
  }
  for (const char* text : {"1M", "1M:1M", "1M:1048577", "1Q:2Q", "1MB:2MB", "1K:9999999T"}) {
    all.push_back({{"--limit", "memory.max", "--range", text}, "expected A:B, bytes (or 64M)"});
  }
  all.push_back({{"--limit", "pids"},
                 "--limit: found \"pids\", expected one of: pids.max, RLIMIT_NPROC, RLIMIT_AS, "
                 "RLIMIT_NOFILE, memory.max, vm.max_map_count\n"});
  all.push_back({{"--limit", "vm.max_map_count"},
                 "ceiling: --limit vm.max_map_count: found a limit of the whole host: it needs "
                 "--host-limits, which is meant for a throw-away VM\n"});
  for (const char* port : {"0", "65536", "http", "-1"}) {
    all.push_back({{"--ready-tcp", port}, "--ready-tcp"});
  }
  all.push_back({{"--ready-log", "("}, "--ready-log: found \"(\", expected a regular expression"});
  all.push_back({{"--ready-log", "x", "--ready", "true"}, "at most 1"});
  for (const char* time : {"0", "-1", "3601", "x", "nan"}) {
    all.push_back({{"--timeout", time}, "--timeout"});
  }
  for (const char* times : {"0", "21", "x", "1.5"})
    all.push_back({{"--repeat", times}, "--repeat"});
  all.push_back({{"--user", "no-such-user"},
                 "--user: found \"no-such-user\", expected a user of this host\n"});
  all.push_back({{"--user", "nobody", "--limit", "RLIMIT_NPROC"}, "a uid of its own"});
  all.push_back({{"--output", "/no/such/folder/file"}, "--output"});
  all.push_back({{"--frobnicate"}, "--frobnicate"});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Options, BadFindInput, testing::ValuesIn(options()));

class BadCommandTest : public FindTest {
 protected:
  /// Exit status and what is said, without progress.
  std::string said(const std::vector<std::string>& options,
                   const std::vector<std::string>& command) const {
    std::vector<std::string> all{"--quiet"};
    all.insert(all.end(), options.begin(), options.end());
    const Ended ended = find(all, command);
    EXPECT_EQ(ended.out, "");
    return fmt::format("{} {}", ended.status, ended.err);
  }
  const std::string without_ = "64 ceiling: not healthy without any limit: ";
};

TEST_F(BadCommandTest, OneThatCannotBeExecuted) {
  EXPECT_EQ(said({}, {"no-such-program"}),
            "64 ceiling: no-such-program: No such file or directory: expected a program that can "
            "be executed\n");
  EXPECT_EQ(said({}, {"/etc/passwd"}),
            "64 ceiling: /etc/passwd: Permission denied: expected a program that can be "
            "executed\n");
  EXPECT_EQ(said({}, {"/"}),
            "64 ceiling: /: Permission denied: expected a program that can be executed\n");
  EXPECT_TRUE(runs().empty());
  const std::string text = file("not-a-program", "neither script nor program\n");
  std::filesystem::permissions(text, std::filesystem::perms(0755));
  EXPECT_EQ(said({}, {text}), without_ + "not-a-program: exec: Exec format error\n");
  EXPECT_EQ(Running({"find"}, folder(), {}).wait().err,
            "ceiling: find: expected a COMMAND after --, or --program\n");
}

TEST_F(BadCommandTest, OneThatItsUserCannotReach) {
  std::filesystem::create_directory(folder() / "closed");
  const std::string script = file("closed/script", "#!/bin/sh\n");
  std::filesystem::permissions(script, std::filesystem::perms(0755));
  std::filesystem::permissions(folder() / "closed", std::filesystem::perms(0700));
  EXPECT_EQ(said({"--user", "nobody"}, {script}), without_ + "script: exec: Permission denied\n");
  EXPECT_EQ(said({"--limit", "RLIMIT_NPROC"}, {script}),
            without_ +
                "script: exec: Permission denied: expected one that everybody may execute, "
                "because it gets a uid of its own\n");
}

TEST_F(BadCommandTest, OneThatEndsAtOnce) {
  EXPECT_EQ(said({"--ready-log", "ready"}, {"sh", "-c", "echo no, thanks"}),
            without_ + "ended with status 0 before it was ready; its last line: no, thanks\n");
  EXPECT_EQ(said({"--ready-log", "ready"}, {"false"}),
            without_ + "ended with status 1 before it was ready\n");
  EXPECT_EQ(said({}, {"sh", "-c", "exit 4"}), without_ + "ended with status 4\n");
  EXPECT_EQ(said({}, {"sh", "-c", "kill -11 $$"}), without_ + "ended by signal 11\n");
}

TEST_F(BadCommandTest, OneThatNeverGetsReady) {
  EXPECT_EQ(said({"--ready", "false", "--timeout", "0.5"}, {"sleep", "60"}),
            without_ + "it did not get ready within 0.5 s\n");
  EXPECT_EQ(said({"--ready", "sleep 60", "--timeout", "0.5"}, {"sleep", "60"}),
            without_ + "it did not get ready within 0.5 s\n");
  EXPECT_EQ(said({"--ready-tcp", "26392", "--timeout", "0.5"}, {"sleep", "60"}),
            without_ + "it did not get ready within 0.5 s\n");
  EXPECT_EQ(said({"--timeout", "0.5"}, {"sleep", "60"}),
            without_ +
                "it did not end within 0.5 s: expected --ready, --ready-tcp or --ready-log "
                "for one that stays\n");
}

TEST_F(BadCommandTest, OneThatForksAway) {
  EXPECT_EQ(said({}, {"sh", "-c", "setsid sleep 60 & exit 0"}),
            "64 ceiling: the command ended with status 0 and processes of it go on: expected "
            "--ready, --ready-tcp or --ready-log, which say how it is known to be ready\n");
  // With one of those it is a daemon like any other.
  const Ended ended = find({"--ready-log", "^ready", "--range", "1:20"},
                           {"sh", "-c", "setsid " + ceiling::find_testee() + " strict 6 & exit 0"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_GE(result_of(ended).at("smallest_healthy").get<int>(), 6);
}

TEST_F(BadCommandTest, OneThatRaisesItsOwnLimit) {
  constexpr unsigned kSysResource = 24;
  const auto capabilities = value_of(read_text("/proc/self/status"), "CapEff:").value_or("0");
  if ((std::stoull(capabilities, nullptr, 16) >> kSysResource & 1) == 0) {
    GTEST_SKIP() << "only CAP_SYS_RESOURCE raises a hard limit, and it is missing here";
  }
  EXPECT_THAT(said({"--limit", "RLIMIT_NOFILE", "--range", "10:100", "--ready-log", "^ready"},
                   {ceiling::find_testee(), "raise"}),
              testing::StartsWith(
                  "64 ceiling: the command has set its own RLIMIT_NOFILE to 65536, above the "));
}

TEST_F(BadCommandTest, OneThatRaisesTheLimitOfItsGroup) {
  const std::string files = group().folders().front().native() + "/ceiling-*/trial-*/pids.max";
  EXPECT_EQ(said({"--range", "3:9", "--ready-log", "^ready"},
                 {"sh", "-c",
                  "for file in " + files + "; do echo max > $file; done; exec " +
                      ceiling::find_testee() + " strict 6"}),
            "64 ceiling: the command has set its own pids.max to max, above the 6 that were tried: "
            "expected one that keeps the limit it is given, or a user that may not (--user)\n");
}

TEST_F(BadCommandTest, OneThatLeavesItsGroup) {
  const std::string files = group().folders().front().native() + "/ceiling-*/beside-*/cgroup.procs";
  EXPECT_EQ(said({"--ready-log", "^ready", "--probe", "sleep 0.2"},
                 {"sh", "-c",
                  "for file in " + files + "; do echo 0 > $file; done; exec " +
                      ceiling::find_testee() + " strict 6"}),
            "64 ceiling: the command has left the control group of its trial: expected one that "
            "stays where its limit is, or a user that may not leave (--user)\n");
  EXPECT_EQ(leftovers(), "");
}

TEST_F(BadCommandTest, AProbeThatIsWrongWithoutALimit) {
  EXPECT_EQ(said({"--ready-log", "^ready", "--probe", "echo nobody answers; exit 7"},
                 {ceiling::find_testee(), "strict", "3"}),
            without_ + "the probe ended with status 7: nobody answers; its last line: ready 3\n");
  EXPECT_EQ(said({"--probe", "false"}, {"true"}), without_ + "the probe ended with status 1\n");
  EXPECT_THAT(said({"--ready-log", "^ready", "--probe", "sleep 60", "--timeout", "0.5"},
                   {ceiling::find_testee(), "strict", "3"}),
              HasSubstr(without_ + "the probe did not end within its time limit"));
  EXPECT_EQ(said({"--before", "exit 5"}, {"true"}),
            "64 ceiling: what is to be done before a trial ended with status 5\n");
}

TEST_F(BadCommandTest, APortThatIsTaken) {
  const std::string squatter =
      "import socket, subprocess, sys\ns = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, "
      "socket.SO_REUSEADDR, 1)\ns.bind(('127.0.0.1', 26393))\ns.listen()\nprint('listening', "
      "flush=True)\nsys.stdin.read()";
  std::FILE* taken = ::popen(
      fmt::format("exec /usr/bin/python3 -c \"{}\" > {}/out", squatter, folder().native()).c_str(),
      "w");
  ASSERT_NE(taken, nullptr);
  while (read_text(folder() / "out") != "listening\n") ::usleep(10'000);
  EXPECT_EQ(said({"--ready-tcp", "26393"}, {"sleep", "60"}),
            "64 ceiling: port 26393 is open before the command has started: expected a port that "
            "nobody else uses\n");
  ::pclose(taken);
}

TEST_F(BadCommandTest, ARangeWithoutAnEdge) {
  const std::vector<std::string> testee = {ceiling::find_testee(), "strict", "50"};
  EXPECT_EQ(
      said({"--range", "60:70", "--ready-log", "^ready"}, testee),
      "64 ceiling: --range 60:70: healthy at its lower end, 60: expected a range with both\n");
  EXPECT_EQ(said({"--range", "10:20", "--ready-log", "^ready"}, testee),
            "64 ceiling: --range 10:20: not healthy at its upper end, 20: expected a range with "
            "both\n");
  // The last value that was tried: its step is 256 KiB.
  EXPECT_EQ(said({"--limit", "RLIMIT_AS", "--range", "1M:1700000"}, {"/bin/true"}),
            "64 ceiling: --range 1M:1700000: not healthy at its upper end, 1572864: expected a "
            "range with both\n");
}

TEST_F(BadCommandTest, ARangeBeyondTheHost) {
  EXPECT_THAT(said({"--range", "1:900000000"}, {"true"}),
              testing::StartsWith("69 ceiling: --range goes to 900000000 tasks, and "));
}

TEST_F(BadCommandTest, WithoutRootItSaysSo) {
  const Ended ended = find({}, {"true"}, {.before_exec = [] { return ::setuid(65534) == 0; }});
  EXPECT_EQ(ended.status, 69);
  EXPECT_THAT(ended.err, HasSubstr("making control groups needs root"));
}

TEST_F(BadCommandTest, ADryRunMakesNothing) {
  const Ended ended = run_ceiling({"find", "--dry-run", "--range", "1:100", "--", "true"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("pids.max for it, from 1 to 100, at most 9 different values\n"));
  EXPECT_TRUE(runs().empty());
}

}  // namespace
}  // namespace ceiling
