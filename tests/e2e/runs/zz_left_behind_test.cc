#include <filesystem>

#include "cgroups/control_file.h"
#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

using ZzLeftBehindTest = CeilingTest;

// Tests of this label run alone, so that whatever is there is theirs.
TEST_F(ZzLeftBehindTest, NothingIsLeftOfAllRuns) {
  const fs::path own = group().folders().front();
  for (const auto& entry : fs::directory_iterator(own.parent_path())) {
    const std::string name = entry.path().filename();
    EXPECT_FALSE(name.starts_with(Cgroup::kTag) && entry.path() != own &&
                 name != Cgroup::kCallerLeaf)
        << entry.path();
  }
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator("/run/ceiling", missing)) {
    ADD_FAILURE() << entry.path();
  }
  for (const int pid : numbered_entries("/proc")) {
    const std::string name =
        read_file_if_there("/proc/" + std::to_string(pid) + "/comm").value_or("");
    EXPECT_FALSE(name.starts_with("ceiling-") || name == "ceiling\n") << pid << " " << name;
  }
}

}  // namespace
}  // namespace ceiling
