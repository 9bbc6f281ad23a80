#include <dirent.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/kernel/cgroups/testee.h"

namespace ceiling {
namespace {

/// Groups of test processes that have ended: "<kTestGroup><pid>-...".
std::vector<std::string> left_in(const std::filesystem::path& folder) {
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kTestGroup)) continue;
    const std::string pid = std::to_string(std::stol(name.substr(std::string(kTestGroup).size())));
    if (!std::filesystem::exists("/proc/" + pid)) left.push_back(entry.path().string());
  }
  return left;
}

class ZzLeftBehind : public Privileged {};

TEST_F(ZzLeftBehind, Nothing) {
  for (const char* controller : {"pids", "freezer", "memory", "hugetlb"}) {
    if (hierarchy_.controller(controller) == nullptr) continue;
    const auto own = hierarchy_.folder(controller, hierarchy_.group_of(0, controller));
    EXPECT_EQ(left_in(own), std::vector<std::string>{}) << controller;
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process of ours is left";
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace ceiling
