#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

#include "cgroups/control_file.h"
#include "tests/e2e/check/check_case.h"

namespace ceiling {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

TEST_F(CheckTest, TheGroupsLimitBindsAndIsNamedWithItsFile) {
  limit("50");
  const json found = check({}, 0);
  EXPECT_EQ(found["binding"], "pids.max");
  EXPECT_EQ(found["threads_left"], 49) << "the program itself is one task";
  EXPECT_EQ(found["required"], nullptr);
  EXPECT_EQ(found["verdict"], "holds");
  const json first = found["limits"][0];
  EXPECT_EQ(first["scope"], path());
  EXPECT_EQ(first["where"], (own() / "pids.max").string());
  EXPECT_EQ(first["value"], 50);
  EXPECT_EQ(first["used"], 1);
  EXPECT_EQ(first["exact"], true);
  EXPECT_EQ(first["errno"], "EAGAIN");
  EXPECT_EQ(first["set_by"], "group file " + (own() / "pids.max").string());
  EXPECT_EQ(first["remedy"], "echo 100 > " + (own() / "pids.max").string());
  EXPECT_EQ(found["target"]["cgroup"]["pids"], path());
}

TEST_F(CheckTest, TheVerdictIsTheExitStatus) {
  limit("50");
  EXPECT_EQ(check({"--threads", "49"}, 0)["verdict"], "holds");
  const json over = check({"--threads", "50"}, 1);
  EXPECT_EQ(over["verdict"], "exceeded");
  EXPECT_EQ(over["required"], 50);
  EXPECT_EQ(over["limits"][0]["fit"], "exceeded");
  EXPECT_EQ(over["limits"][0]["remedy"], "echo 51 > " + (own() / "pids.max").string());
}

TEST_F(CheckTest, ABoundThatLeavesItOpenIsUnknown) {
  // The maps of a foreign process are a lower bound.
  const json found = check(
      {"--pid", std::to_string(::getpid()), "--set", "vm.max_map_count=1000", "--threads", "900"},
      2);
  EXPECT_EQ(found["verdict"], "unknown");
  EXPECT_THAT(found["reason"].get<std::string>(), HasSubstr("vm.max_map_count"));
}

TEST_F(CheckTest, AFleetEndsWhereItsLimitSays) {
  limit("50");
  const json found = check({"--peers", "17", "--threads-per-peer", "3"}, 0);
  EXPECT_EQ(found["required"], 48);
  EXPECT_EQ(found["largest_fleet"], 17);
  EXPECT_EQ(check({"--peers", "18", "--threads-per-peer", "3"}, 1)["largest_fleet"], 17);
  EXPECT_NE(row(found, "RLIMIT_NOFILE"), nullptr);
}

TEST_F(CheckTest, DescriptorsEndAFleetOfManyPeers) {
  How few;
  few.before_exec = [] {
    const rlimit limit{64, 64};
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
  };
  const json found = check({"--peers", "1000", "--threads-per-peer", "1"}, 1, few);
  EXPECT_EQ(found["binding"], "RLIMIT_NOFILE");
  const json first = found["limits"][0];
  EXPECT_EQ(first["errno"], "EMFILE");
  EXPECT_EQ(found["largest_fleet"], (64 - first["used"].get<std::int64_t>()) / 2 + 1);
}

TEST_F(CheckTest, WhatIfIsAnsweredAndSaid) {
  const json found = check({"--set", "pids.max=8", "--threads", "8"}, 1);
  EXPECT_EQ(found["threads_left"], 7);
  EXPECT_EQ(found["limits"][0]["set_by"], "--set pids.max=8");
  EXPECT_EQ(read_file(own() / "pids.max"), "max\n") << "nothing is changed";
  EXPECT_EQ(check({"--set", "kernel.threads-max=1"}, 1)["binding"], "kernel.threads-max");
  EXPECT_EQ(check({"--set", "pids.max:" + path() + "=1"}, 1)["threads_left"], 0);
}

TEST_F(CheckTest, AGroupAndAProcessAreAnswered) {
  limit("20");
  const json by_group = check({"--cgroup", path()}, 0);
  EXPECT_EQ(by_group["target"]["kind"], "cgroup");
  EXPECT_EQ(by_group["threads_left"], 19);
  const json by_pid = check({"--pid", std::to_string(::getpid()), "--threads", "1"}, 0);
  EXPECT_EQ(by_pid["target"]["pid"], ::getpid());
}

TEST_F(CheckTest, WithoutRootItSaysWhatItCannotSee) {
  limit("50");
  const json own_place = check({}, 0, as(kNobody));
  EXPECT_EQ(own_place["threads_left"], 49);
  EXPECT_TRUE(row(own_place, "RLIMIT_NPROC")["applies"].get<bool>());
  const json foreign = check({"--pid", std::to_string(::getpid())}, 2, as(kNobody));
  EXPECT_EQ(row(foreign, "vm.max_map_count")["certainty"], "unknown");
  EXPECT_THAT(foreign["unseen"].dump(), HasSubstr("maps: Permission denied"));
  EXPECT_EQ(foreign["verdict"], "unknown");
}

TEST_F(CheckTest, TheTextFitsEightyColumnsAndBindingComesFirst) {
  limit("50");
  const Ended ended = run_ceiling({"check", "--threads", "100"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.out, HasSubstr("\n49 more threads of "));
  EXPECT_THAT(ended.out, HasSubstr("verdict: exceeded: 100 more threads are needed, pids.max of "));
  EXPECT_THAT(ended.out, Not(HasSubstr("\033")));
  std::istringstream lines(ended.out);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line); ++number) {
    EXPECT_LE(line.size(), 80U) << line;
    if (number == 4) {
      EXPECT_THAT(line, testing::StartsWith("  pids.max "));
    }
  }
}

TEST_F(CheckTest, QuietTellsByItsStatusAlone) {
  limit("50");
  const Ended ended = run_ceiling({"check", "--quiet", "--threads", "50"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.out + ended.err, "");
}

TEST_F(CheckTest, NoProcessIsMade) {
  limit("1");  // the program itself: any other task would be refused, and counted
  EXPECT_EQ(check({"--set", "pids.max=2"}, 0)["threads_left"], 1);
  const auto events = read_file(own() / "pids.events");
  EXPECT_EQ(value_of(events, "max "), "0");
  limit("1");
  const Ended probed = run_ceiling({"check", "--probe", "--uid", "65534"});
  EXPECT_NE(probed.status, 0) << "the probe forks, and would have been seen";
  EXPECT_NE(value_of(read_file(own() / "pids.events"), "max "), "0");
}

}  // namespace
}  // namespace ceiling
