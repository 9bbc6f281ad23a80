// Every step between fork and exec can fail, and the harness hears which one and why.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "cgroups/error.h"
#include "cgroups/hierarchy.h"
#include "tests/support/spawn/support.h"

namespace ceiling {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr uid_t kPrivateUid = 1'999'000'002;

class StepsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = missing_privilege(); !missing.empty()) {
      GTEST_SKIP() << missing;
    }
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    launcher.emplace();
  }
  void TearDown() override {
    if (launcher) {
      launcher.reset();
      EXPECT_TRUE(all_reaped());
    }
  }

  // A failed start names step and errno, leaves no zombie with the launcher and no broken launcher.
  void expect_failure(const ProcessSpec& spec, const std::string& step, int error) {
    try {
      (*launcher)->start(spec);
      ADD_FAILURE() << "started, expected to fail at " << step;
    } catch (const SpawnError& e) {
      EXPECT_EQ(e.step(), step);
      EXPECT_EQ(e.code(), std::error_code(error, std::generic_category()));
      EXPECT_THAT(e.what(), HasSubstr("testee: " + step + ": "));
    }
    EXPECT_THAT(child_processes(launcher->pid()), IsEmpty());
    EXPECT_EQ(output_of(**launcher, testee({"arguments"})), "arguments\n");
    EXPECT_EQ(await_exits(**launcher, 1).size(), 1U);  // reaped: not the next call's zombie
  }

  std::filesystem::path file(const std::string& content, mode_t mode) {
    const auto path = folder.path() / "program";
    std::ofstream(path) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }

  TemporaryFolder folder;
  std::optional<TestLauncher> launcher;
};

TEST_F(StepsTest, MissingProgram) {
  ProcessSpec spec = testee({});
  spec.program = folder.path() / "none";
  expect_failure(spec, "open program", ENOENT);
}

TEST_F(StepsTest, ProgramThatTheUidMayNotExecute) {
  ProcessSpec spec = testee({});
  const auto copy = folder.path() / "mine";
  std::filesystem::copy_file(spec.program, copy);
  ::chmod(copy.c_str(), 0700);
  spec.program = copy;
  spec.uid = kPrivateUid;
  expect_failure(spec, "exec", EACCES);
}

TEST_F(StepsTest, FileThatIsNoProgram) {
  ProcessSpec spec = testee({});
  spec.program = file("\x01\x02\x03", 0644);
  expect_failure(spec, "exec", EACCES);
  spec.program = file("\x01\x02\x03", 0755);
  expect_failure(spec, "exec", ENOEXEC);
  spec.program = folder.path();
  expect_failure(spec, "exec", EACCES);
}

TEST_F(StepsTest, GroupThatWasRemoved) {
  const Hierarchy hierarchy = Hierarchy::detect();
  const auto group = hierarchy.folder("pids", hierarchy.group_of(0, "pids")) /
                     ("ceiling-spawn-test-" + std::to_string(::getpid()));
  ASSERT_EQ(::mkdir(group.c_str(), 0755), 0);
  const Descriptor procs(::open((group / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(::rmdir(group.c_str()), 0);
  ProcessSpec spec = testee({});
  spec.join = {procs.get()};
  expect_failure(spec, "join group", ENODEV);
}

TEST_F(StepsTest, ChildIsBornInItsGroup) {
  const Hierarchy hierarchy = Hierarchy::detect();
  const auto group = hierarchy.folder("pids", hierarchy.group_of(0, "pids")) /
                     ("ceiling-spawn-test-" + std::to_string(::getpid()));
  ASSERT_EQ(::mkdir(group.c_str(), 0755), 0);
  {
    const Descriptor procs(::open((group / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    ProcessSpec spec = testee({"wait"});
    spec.join = {procs.get()};
    const ChildProcess child = (*launcher)->start(spec);
    EXPECT_EQ(hierarchy.group_of(child.pid(), "pids"),
              (std::filesystem::path(hierarchy.group_of(0, "pids")) / group.filename()).string());
    child.signal(SIGKILL);
    EXPECT_EQ(await_exits(**launcher, 1).size(), 1U);
  }
  EXPECT_EQ(::rmdir(group.c_str()), 0);
}

TEST_F(StepsTest, UidThatDoesNotExist) {
  ProcessSpec spec = testee({});
  spec.uid = static_cast<uid_t>(-1);  // setresuid would take it for "stay root"
  expect_failure(spec, "set uid", EINVAL);
}

TEST_F(StepsTest, LimitAboveTheHardLimit) {
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  ProcessSpec spec = testee({});
  spec.uid = kPrivateUid;
  spec.rlimits = {{RLIMIT_NOFILE, files.rlim_max + 1}};
  expect_failure(spec, "set rlimit", EPERM);
  spec.rlimits = {{9999, 1}};
  expect_failure(spec, "set rlimit", EINVAL);
}

TEST_F(StepsTest, DescriptorNumberThatCannotBe) {
  ProcessSpec spec = testee({});
  const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  spec.descriptors = {{1 << 30, null.get()}};
  expect_failure(spec, "place descriptors", EINVAL);
  spec.descriptors = {{-1, null.get()}};
  EXPECT_THROW((*launcher)->start(spec), Error);
  spec.descriptors = {{7, 987654}};  // not open here
  EXPECT_THROW((*launcher)->start(spec), Error);
}

TEST_F(StepsTest, RequestThatIsTooLargeIsRefusedAndNothingElseSuffers) {
  ProcessSpec spec = testee({std::string(70'000, 'x')});
  EXPECT_THROW((*launcher)->start(spec), Error);
  spec = testee({"exit", "0"});
  spec.join.assign(254, 0);
  EXPECT_THROW((*launcher)->start(spec), Error);
  EXPECT_EQ(output_of(**launcher, testee({"arguments"})), "arguments\n");
}

// Last of its suite.
TEST_F(StepsTest, NothingIsLeft) {
  launcher->close();
  EXPECT_TRUE(all_reaped());
  const Hierarchy hierarchy = Hierarchy::detect();
  const auto own = hierarchy.folder("pids", hierarchy.group_of(0, "pids"));
  for (const auto& entry : std::filesystem::directory_iterator(own)) {
    EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr("ceiling-spawn-test")));
  }
}

}  // namespace
}  // namespace ceiling
