#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/check/check_case.h"

namespace ceiling {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class CheckBadInputTest : public CheckTest {
 protected:
  /// In one line.
  void refused(const std::vector<std::string>& call, const std::vector<std::string>& said) const {
    const std::string err = CheckTest::refused(call, said);
    EXPECT_EQ(err.find('\n'), err.size() - 1) << err;
  }
};

TEST_F(CheckBadInputTest, TargetsThatAreNotThere) {
  refused({"--pid", "4194304"}, {"there is no process 4194304"});
  refused({"--pid", "0"}, {"--pid: found 0, expected 1 to 4194304"});
  refused({"--cgroup", "/no/such/group"}, {"there is no group /no/such/group"});
  refused({"--cgroup", "no-slash"}, {"--cgroup: found \"no-slash\"", "as in /proc/PID/cgroup"});
  refused({"--cgroup", "/../etc"}, {"--cgroup: found \"/../etc\""});
  refused({"--unit", "a b"}, {"--unit: found \"a b\""});
  refused({"--uid", "4294967295"}, {"--uid: found 4294967295"});
}

TEST_F(CheckBadInputTest, AZombieIsNoTarget) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  refused({"--pid", std::to_string(child)},
          {"process " + std::to_string(child) + " has ended and waits to be reaped"});
  ::waitpid(child, nullptr, 0);
}

TEST_F(CheckBadInputTest, ContradictoryTargets) {
  CheckTest::refused({"--pid", "1", "--cgroup", "/"}, {"excludes"});
  CheckTest::refused({"--pid", "1", "--unit", "x"}, {"excludes"});
  CheckTest::refused({"--unit", "x", "--cgroup", "/"}, {"excludes"});
  CheckTest::refused({"--threads", "1", "--peers", "2", "--threads-per-peer", "1"}, {"excludes"});
  CheckTest::refused({"--peers", "2"}, {"--threads-per-peer"});
  CheckTest::refused({"--threads-per-peer", "2"}, {"--peers"});
  CheckTest::refused({"--threads", "0"}, {"--threads"});
  CheckTest::refused({"--threads", "many"}, {"--threads"});
  CheckTest::refused({"--pid", "1x"}, {"--pid"});
  CheckTest::refused({"extra"}, {"extra"});
}

TEST_F(CheckBadInputTest, StacksAndChanges) {
  refused({"--stack", "16383"}, {"--stack: found 16383 bytes, expected 16384 (PTHREAD_STACK_MIN)"});
  refused({"--stack", "1MB"}, {"--stack: found \"1MB\", expected a number of bytes"});
  refused({"--set", "pids.mx=5"},
          {"--set pids.mx=5: found the unknown name \"pids.mx\", nearest known name: pids.max"});
  refused({"--set", "pids.max:/elsewhere=5"}, {"expected one on the path of the target: "});
  refused({"--set", "pids.max=5", "--set", "RLIMIT_AS=a lot"}, {"found \"a lot\""});
}

TEST_F(CheckBadInputTest, WithoutSystemdAUnitCannotBeAsked) {
  if (std::filesystem::exists("/run/systemd/system")) GTEST_SKIP() << "systemd is here";
  const Ended ended = run_ceiling({"check", "--unit", "demo"});
  EXPECT_EQ(ended.status, 69);
  EXPECT_THAT(ended.err, HasSubstr("--cgroup"));
}

}  // namespace
}  // namespace ceiling
