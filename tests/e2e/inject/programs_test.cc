#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/e2e/inject/inject_case.h"

namespace ceiling {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using ProgramsTest = InjectTest;

TEST_F(ProgramsTest, TheCommandsOwnStatusIsPassedOn) {
  EXPECT_EQ(inject({}, {"true"}).status, 0);
  EXPECT_EQ(inject({}, {"sh", "-c", "exit 7"}).status, 7);
  EXPECT_EQ(inject({}, {"sh", "-c", "kill -SEGV $$"}).status, 128 + SIGSEGV);
  EXPECT_EQ(inject({}, {"sh", "-c", "(sleep 0.1; exit 3) & exit 5"}).status, 5);
}

TEST_F(ProgramsTest, OneThatCannotBeStartedIsSaid) {
  Ended ended = inject({}, {"no-such-program"});
  EXPECT_EQ(ended.status, 127);
  EXPECT_EQ(ended.err, "ceiling: no-such-program: No such file or directory\n");
  ended = inject({}, {"/etc/passwd"});
  EXPECT_EQ(ended.status, 126);
  EXPECT_EQ(ended.err, "ceiling: /etc/passwd: Permission denied\n");
}

TEST_F(ProgramsTest, WhereThereIsNoProcessForTheGuardTheInjectorHasFailed) {
  How how;
  how.before_exec = [] {
    const rlimit one{1, 1};
    return ::setrlimit(RLIMIT_NPROC, &one) == 0 && (::geteuid() != 0 || ::setuid(1899999999) == 0);
  };
  const Ended ended = inject({}, {"true"}, how);
  EXPECT_EQ(ended.err, "ceiling: fork of a guard: Resource temporarily unavailable\n");
  EXPECT_EQ(ended.status, 125);
}

TEST_F(ProgramsTest, ItsStreamsAreItsOwn) {
  const Ended ended = inject({"--quiet"}, {"sh", "-c", "echo out; echo err >&2"});
  EXPECT_EQ(ended.out, "out\n");
  EXPECT_EQ(ended.err, "err\n");
}

TEST_F(ProgramsTest, ASignalIsHandedOn) {
  Running running = start({"--quiet"}, {"sh", "-c",
                                        "trap 'echo got; exit 9' TERM; echo up; "
                                        "while :; do sleep 0.05; done"});
  while (running.out().empty()) ASSERT_FALSE(running.ended(std::chrono::milliseconds(20)));
  running.signal(SIGTERM);
  const Ended ended = running.wait();
  EXPECT_EQ(ended.out, "up\ngot\n");
  EXPECT_EQ(ended.status, 128 + SIGTERM);
}

TEST_F(ProgramsTest, OneInjectorBelowAnotherIsRefusedByTheKernel) {
  const std::string ceiling =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "ceiling";
  const Ended ended = inject({"--quiet"}, {ceiling, "inject", "--", "true"});
  EXPECT_EQ(ended.status, 125);
  EXPECT_THAT(ended.err, StartsWith("ceiling: the kernel does not let a filter ask: "));
}

TEST_F(ProgramsTest, AShellThatCannotForkSaysSo) {
  const Ended ended = inject({"--at", "2"}, {"sh", "-c", "/bin/true; /bin/true; echo on"});
  EXPECT_THAT(ended.err, HasSubstr("Cannot fork"));
  EXPECT_THAT(ended.out, IsEmpty());
  EXPECT_EQ(ended.status, 2);
}

TEST_F(ProgramsTest, PythonThatCannotStartAThreadSaysSo) {
  const Ended ended = inject(
      {"--at", "1", "--kind", "thread"},
      {"/usr/bin/python3", "-c", "import threading; threading.Thread(target=print).start()"});
  EXPECT_THAT(ended.err, HasSubstr("can't start new thread"));
  EXPECT_EQ(ended.status, 1);
}

/// Skips the test where there is no such program.
#define NEEDS_PROGRAM(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << (path) << " is not there"

TEST_F(ProgramsTest, AStaticOneOfMuslIsToldThatItsSecondThreadIsRefused) {
  const std::string testee =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "musl_testee";
  NEEDS_PROGRAM(testee);
  const Ended ended = inject(with_summary({"--at", "2", "--kind", "thread"}), {testee});
  EXPECT_EQ(ended.out, "+-+\n");
  EXPECT_EQ(summary()["creations"].size(), 3U);
}

// gosu is a static program of Go, whose runtime makes its threads by clone itself.
TEST_F(ProgramsTest, OneOfGoEndsWithItsFirstThread) {
  NEEDS_PROGRAM("/usr/sbin/gosu");
  const std::vector<std::string> command{"/usr/sbin/gosu", "nobody", "true"};
  if (::geteuid() != 0) GTEST_SKIP() << "gosu changes the user: not root";
  EXPECT_EQ(inject({}, command).status, 0);
  const Ended ended = inject({"--at", "1", "--kind", "thread"}, command);
  EXPECT_THAT(ended.err, HasSubstr("failed to create new OS thread"));
  EXPECT_EQ(ended.status, 2);
}

// The JVM's launcher makes a thread for main(), and goes on without it where it is refused.
TEST_F(ProgramsTest, TheLauncherOfTheJvmDoesNotNoticeItsFirstThread) {
  NEEDS_PROGRAM("/usr/bin/java");
  const Ended ended = inject({"--at", "1", "--kind", "thread"}, {"/usr/bin/java", "-version"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.err, HasSubstr("1 of them refused with EAGAIN"));
  const Ended onward = inject({"--after", "1", "--kind", "thread"}, {"/usr/bin/java", "-version"});
  EXPECT_NE(onward.status, 0) << onward.err;
}

}  // namespace
}  // namespace ceiling
