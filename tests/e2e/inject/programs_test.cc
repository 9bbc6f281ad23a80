#include <gmock/gmock.h>

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

}  // namespace
}  // namespace ceiling
