#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class CheckBadInputTest : public CeilingTest {
 protected:
  /// Refused with 64, in one line that says all of `said`, before anything is written.
  void refused(std::vector<std::string> call, const std::vector<std::string>& said) const {
    SCOPED_TRACE(testing::PrintToString(call));
    call.insert(call.begin(), "check");
    const Ended ended = run_ceiling(call);
    EXPECT_EQ(ended.status, 64) << ended.out;
    EXPECT_EQ(ended.out, "");
    for (const std::string& part : said) EXPECT_THAT(ended.err, HasSubstr(part));
    EXPECT_EQ(ended.err.find('\n'), ended.err.size() - 1) << ended.err;
  }
  /// Likewise, for what the option parser finds: it adds where to find help.
  void misused(std::vector<std::string> call, const std::string& said) const {
    SCOPED_TRACE(testing::PrintToString(call));
    call.insert(call.begin(), "check");
    const Ended ended = run_ceiling(call);
    EXPECT_EQ(ended.status, 64) << ended.out;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, HasSubstr(said));
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
  misused({"--pid", "1", "--cgroup", "/"}, "excludes");
  misused({"--pid", "1", "--unit", "x"}, "excludes");
  misused({"--unit", "x", "--cgroup", "/"}, "excludes");
  misused({"--threads", "1", "--peers", "2", "--threads-per-peer", "1"}, "excludes");
  misused({"--peers", "2"}, "--threads-per-peer");
  misused({"--threads-per-peer", "2"}, "--peers");
  misused({"--threads", "0"}, "--threads");
  misused({"--threads", "many"}, "--threads");
  misused({"--pid", "1x"}, "--pid");
  misused({"extra"}, "extra");
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
