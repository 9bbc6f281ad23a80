#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/kernel/cgroups/testee.h"

namespace ceiling {
namespace {

/// Groups of this process and of test processes that have ended: "<kTestGroup><pid>-...".
std::vector<std::string> left_in(const std::filesystem::path& folder) {
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kTestGroup)) continue;
    const std::string pid = std::to_string(std::stol(name.substr(std::string(kTestGroup).size())));
    const bool runs_still =
        pid != std::to_string(::getpid()) && std::filesystem::exists("/proc/" + pid);
    if (!runs_still) left.push_back(entry.path().string());
  }
  return left;
}

/// With a parameter: those run after all others in a call of the whole program.
class ZzLeftBehind : public Privileged, public testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(Last, ZzLeftBehind, testing::Values(0));

TEST_P(ZzLeftBehind, Nothing) {
  for (const char* controller : {"pids", "freezer", "memory", "hugetlb"}) {
    if (hierarchy_.controller(controller) == nullptr) continue;
    auto own = hierarchy_.folder(controller, hierarchy_.group_of(0, controller));
    if (own.filename() == Cgroup::kCallerLeaf) own = own.parent_path();
    EXPECT_EQ(left_in(own), std::vector<std::string>{}) << controller;
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process of ours is left";
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace ceiling
