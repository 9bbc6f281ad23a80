// What a started process is born with, and what the harness hears of its end.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <map>
#include <sstream>

#include "cgroups/error.h"
#include "tests/support/spawn/support.h"

namespace ceiling {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uid_t kPrivateUid = 1'999'000'001;

class LauncherTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = missing_privilege(); !missing.empty()) {
      GTEST_SKIP() << missing;
    }
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    launcher.emplace();
  }
  // What a test left running ends with its launcher; nothing may remain to reap.
  void TearDown() override {
    if (launcher) {
      launcher.reset();
      EXPECT_TRUE(all_reaped());
    }
  }
  std::optional<TestLauncher> launcher;
};

unsigned long inode_of(int descriptor) {
  struct stat status {};
  ::fstat(descriptor, &status);
  return status.st_ino;
}

Descriptor temporary_file() {
  return Descriptor(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

TEST_F(LauncherTest, ChildHasExactlyTheDescriptorsAskedFor) {
  const Descriptor a = temporary_file();
  const Descriptor b = temporary_file();
  ProcessSpec spec = testee({"descriptors"});
  // Numbers that the launcher uses itself, the other way round, and one far up.
  spec.descriptors = {{3, b.get()}, {4, a.get()}, {5, b.get()}, {200, a.get()}};
  std::istringstream lines(output_of(**launcher, spec));
  std::map<int, unsigned long> found;
  int number = 0;
  for (unsigned long inode = 0; lines >> number >> inode;) {
    found[number] = inode;
  }
  const Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  found.erase(1);  // the pipe that we read from
  EXPECT_EQ(found, (std::map<int, unsigned long>{{0, inode_of(null.get())},
                                                 {2, inode_of(null.get())},
                                                 {3, inode_of(b.get())},
                                                 {4, inode_of(a.get())},
                                                 {5, inode_of(b.get())},
                                                 {200, inode_of(a.get())}}));
}

TEST_F(LauncherTest, EnvironmentAndArgumentsAreExactlyThoseGiven) {
  ProcessSpec spec = testee({"environment"});
  spec.environment = {{"A", "1"}, {"LATIN", "caf\xe9"}};
  EXPECT_EQ(output_of(**launcher, spec), "A=1\nLATIN=caf\xe9\n");
  EXPECT_EQ(output_of(**launcher, testee({"environment"})), "");
  EXPECT_EQ(output_of(**launcher, testee({"arguments", "", "a b", "*"})), "arguments\n\na b\n*\n");
}

TEST_F(LauncherTest, UnprivilegedChildIsBornBare) {
  ::signal(SIGHUP, SIG_IGN);
  TestLauncher later;  // inherits what the harness ignores; the child must not
  ProcessSpec spec = testee({"state"});
  spec.uid = kPrivateUid;
  spec.confined = true;
  const std::string state = output_of(*later, spec);
  ::signal(SIGHUP, SIG_DFL);
  const std::string id = std::to_string(kPrivateUid);
  const std::string ids = "\t" + id + "\t" + id + "\t" + id + "\t" + id + "\n";
  for (const std::string& line :
       {"Uid:" + ids, "Gid:" + ids, std::string("Groups:\t \n"), std::string("Umask:\t0077\n"),
        std::string("SigBlk:\t0000000000000000\n"), std::string("SigIgn:\t0000000000000000\n"),
        std::string("SigCgt:\t0000000000000000\n"), std::string("CapEff:\t0000000000000000\n"),
        std::string("NoNewPrivs:\t1\n"), std::string("Seccomp:\t2\n"), std::string("cwd: /\n"),
        std::string("own session: 1\n"), std::string("death signal: 9\n")}) {
    EXPECT_THAT(state, HasSubstr(line));
  }
}

TEST_F(LauncherTest, UnconfinedChildCarriesNoFilter) {
  const std::string state = output_of(**launcher, testee({"state"}));
  EXPECT_THAT(state, HasSubstr("NoNewPrivs:\t0\n"));
  EXPECT_THAT(state, HasSubstr("Seccomp:\t0\n"));
}

// Root may do all of these: only the filter can be what refuses.
TEST_F(LauncherTest, ConfinedChildIsDeniedWhatReachesOutside) {
  for (const char* call : {"ptrace", "mount", "unshare", "keyctl", "bpf"}) {
    ProcessSpec spec = testee({"denied", call});
    spec.confined = true;
    EXPECT_EQ(output_of(**launcher, spec), std::to_string(EPERM) + "\n") << call;
  }
  EXPECT_EQ(output_of(**launcher, testee({"denied", "ptrace"})), "0\n");
  EXPECT_EQ(output_of(**launcher, testee({"denied", "unshare"})), "0\n");
}

TEST_F(LauncherTest, PrivateUidStartsAProgramInAClosedFolder) {
  const TemporaryFolder folder;  // 0700, root's
  ProcessSpec spec = testee({"arguments", "here"});
  const auto program = folder.path() / "program";
  std::filesystem::copy_file(spec.program, program);
  std::filesystem::permissions(program, std::filesystem::perms(0711));
  spec.program = program;
  spec.uid = kPrivateUid;
  EXPECT_EQ(output_of(**launcher, spec), "arguments\nhere\n");
}

// execve after setuid fails above RLIMIT_NPROC, so the limit has to come after the uid.
TEST_F(LauncherTest, UidAboveItsProcessLimitCanStillBeStarted) {
  ProcessSpec waiting = testee({"wait"});
  waiting.uid = kPrivateUid;
  waiting.rlimits = {{RLIMIT_NPROC, 1}};
  for (int i = 0; i < 4; ++i) {
    EXPECT_NO_THROW((*launcher)->start(waiting));
  }
}

TEST_F(LauncherTest, ExitsAreReportedAsTheyHappen) {
  const ChildProcess seven = (*launcher)->start(testee({"exit", "7"}));
  std::vector<Exit> exits = await_exits(**launcher, 1);
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(exits[0].pid, seven.pid());
  EXPECT_EQ(exits[0].name, "testee");
  EXPECT_EQ(WEXITSTATUS(exits[0].status), 7);
  EXPECT_TRUE(seven.ended());
  EXPECT_EQ(state_of(seven.pid()), std::nullopt);  // reaped
  EXPECT_NO_THROW(seven.signal(SIGTERM));

  const ChildProcess waiting = (*launcher)->start(testee({"wait"}));
  EXPECT_FALSE(waiting.ended());
  EXPECT_THAT((*launcher)->exits(), IsEmpty());
  waiting.signal(SIGTERM);
  EXPECT_TRUE(readable(waiting.pidfd(), seconds(5)));
  exits = await_exits(**launcher, 1);
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(exits[0].pid, waiting.pid());
  EXPECT_TRUE(WIFSIGNALED(exits[0].status));
  EXPECT_EQ(WTERMSIG(exits[0].status), SIGTERM);
}

// More than the socket's buffer holds (some 280): reaping goes on, and no exit is lost.
TEST_F(LauncherTest, ExitsWaitForAHarnessThatDoesNotListen) {
  std::vector<pid_t> started;
  for (int i = 0; i < 400; ++i) {
    started.push_back((*launcher)->start(testee({"exit", "0"})).pid());
  }
  const ChildProcess last = (*launcher)->start(testee({"exit", "1"}));
  started.push_back(last.pid());
  EXPECT_TRUE(readable(last.pidfd(), seconds(5)));
  std::vector<pid_t> reported;
  for (const Exit& exit : await_exits(**launcher, started.size())) {
    reported.push_back(exit.pid);
  }
  EXPECT_THAT(reported, testing::UnorderedElementsAreArray(started));
}

TEST_F(LauncherTest, ChildrenAndLauncherEndTogether) {
  const ChildProcess a = (*launcher)->start(testee({"wait"}));
  EXPECT_EQ(::kill(launcher->pid(), SIGKILL), 0);
  EXPECT_TRUE(readable(a.pidfd(), seconds(5)));
  EXPECT_THROW((*launcher)->start(testee({"exit", "0"})), Error);
  EXPECT_TRUE(readable((*launcher)->descriptor(), seconds(5)));
  EXPECT_THROW((*launcher)->exits(), Error);

  TestLauncher second;
  const ChildProcess b = second->start(testee({"wait"}));
  EXPECT_EQ(second.close(), 0);
  EXPECT_TRUE(readable(b.pidfd(), seconds(5)));
}

TEST_F(LauncherTest, TerminalSignalsDoNotEndTheLauncher) {
  (*launcher)->start(testee({"exit", "0"}));  // it is past its set-up
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    ASSERT_EQ(::kill(launcher->pid(), number), 0);
  }
  EXPECT_NO_THROW((*launcher)->start(testee({"exit", "0"})));
}

TEST_F(LauncherTest, ProcessesAreNamedAndCanBeTold) {
  (*launcher)->start(testee({"exit", "0"}));
  std::ifstream comm("/proc/" + std::to_string(launcher->pid()) + "/comm");
  std::string name;
  comm >> name;
  EXPECT_EQ(name, "ceiling-launch");
}

}  // namespace
}  // namespace ceiling
