// A pid namespace with a kernel.pid_max of its own, and what is born in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>

#include <cerrno>

#include "cgroups/control_file.h"
#include "cgroups/kernel_release.h"
#include "tests/support/spawn/support.h"

namespace ceiling {
namespace {

class PidNamespaceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = missing_privilege(); !missing.empty()) {
      GTEST_SKIP() << missing;
    }
    if (!is_linux_from(6, 14)) GTEST_SKIP() << "before Linux 6.14 there is one pid_max for all";
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    launcher_.emplace();
  }
  void TearDown() override {
    if (!launcher_) return;
    launcher_.reset();
    EXPECT_TRUE(all_reaped());
    EXPECT_EQ(read_file("/proc/sys/kernel/pid_max"), before_) << "of the host";
  }

  static std::vector<std::string> numbers_of(const ChildProcess& process) {
    const auto status = read_file("/proc/" + std::to_string(process.pid()) + "/status");
    return words(value_of(status, "NSpid:").value());
  }

  const std::string before_ = read_file("/proc/sys/kernel/pid_max");
  std::optional<TestLauncher> launcher_;
};

TEST_F(PidNamespaceTest, OnlyWhoIsSentThereIsBornInIt) {
  const ChildProcess init = (*launcher_)->start_namespace("inside", {}, 301);
  EXPECT_EQ(numbers_of(init).back(), "1");
  ProcessSpec spec = testee({"wait"});
  const ChildProcess outside = (*launcher_)->start(spec);
  EXPECT_EQ(numbers_of(outside).size(), numbers_of(init).size() - 1);
  spec.pid_namespace = init.pidfd();
  const ChildProcess inside = (*launcher_)->start(spec);
  EXPECT_EQ(numbers_of(inside).back(), "2");
  EXPECT_EQ(numbers_of(inside).front(), std::to_string(inside.pid()));
}

TEST_F(PidNamespaceTest, RunsOutOfItsOwnNumbers) {
  const ChildProcess init = (*launcher_)->start_namespace("inside", {}, 301);
  ProcessSpec spec = testee({"wait"});
  spec.pid_namespace = init.pidfd();
  int started = 0;
  try {
    for (; started < 310; ++started) (*launcher_)->start(spec);
    ADD_FAILURE() << "nothing was refused";
  } catch (const SpawnError& refused) {
    EXPECT_EQ(refused.step(), "fork");
    EXPECT_EQ(refused.code().value(), EAGAIN);
  }
  EXPECT_EQ(started, 299) << "2 to 300";
  init.signal(SIGKILL);
  EXPECT_EQ(await_exits(**launcher_, 300).size(), 300U) << "the namespace ends with its first";
}

TEST_F(PidNamespaceTest, SaysWhichStepFailed) {
  const auto failure = [&](const auto& start) -> std::string {
    try {
      start();
    } catch (const SpawnError& refused) {
      return refused.what();
    }
    return "";
  };
  EXPECT_EQ(failure([&] { (*launcher_)->start_namespace("inside", {}, 300); }),
            "inside: set pid_max: Invalid argument");
  ProcessSpec spec = testee({"wait"});
  spec.pid_namespace = 0;
  EXPECT_EQ(failure([&] { (*launcher_)->start(spec); }),
            "testee: enter pid namespace: Invalid argument");
  EXPECT_EQ(output_of(**launcher_, testee({"arguments"})), "arguments\n") << "the launcher goes on";
}

}  // namespace
}  // namespace ceiling
