#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include "cgroups/hierarchy.h"
#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using GroupGuardTest = CeilingTest;

bool any_there(const std::vector<std::filesystem::path>& folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [](const auto& folder) { return std::filesystem::exists(folder); });
}

// A test program that its time limit kills has no way to clean up.
TEST_F(GroupGuardTest, AKilledTestLeavesNoGroup) {
  const std::string name = "ceiling-test-killed-" + std::to_string(::getpid());
  const Hierarchy hierarchy = Hierarchy::detect();
  const pid_t test = ::fork();
  if (test == 0) {
    const Cgroup group = Cgroup::create(hierarchy, name);
    const GroupGuard guard(group);
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(test, &status, 0), test);
  ASSERT_TRUE(WIFSIGNALED(status));
  const auto folders = Cgroup::planned_folders(hierarchy, name);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (any_there(folders) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_FALSE(any_there(folders));
}

}  // namespace
}  // namespace ceiling
