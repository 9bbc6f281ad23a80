#include "cgroups/unified.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "tests/kernel/cgroups/testee.h"

namespace ceiling {
namespace {

using std::chrono::milliseconds;

/// A v2 group made by hand: so that freezing and killing by the v2 files is met on hybrid hosts
/// too, whose controllers are all on v1.
class Unified : public Privileged {
 protected:
  void SetUp() override {
    Privileged::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const std::filesystem::path mount = find_mount();
    if (mount.empty()) GTEST_SKIP() << "no v2 mount here";
    folder_ = mount / (kTestGroup + std::to_string(::getpid()));
    ASSERT_EQ(::mkdir(folder_.c_str(), 0755), 0);
  }

  static std::filesystem::path find_mount() {
    for (const char* place : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      if (is_unified(place)) return place;
    }
    return {};
  }

  std::filesystem::path folder_;
};

TEST_F(Unified, FreezesThawsKillsAndRemoves) {
  Cgroup group = Cgroup::adopt({folder_});
  Testee testee(group.join_descriptors(), "processes");
  EXPECT_EQ(testee.make(3), (Testee::Answer{3, 0}));
  group.freeze();
  std::ifstream events(folder_ / "cgroup.events");
  EXPECT_NE(std::string(std::istreambuf_iterator<char>(events), {}).find("frozen 1"),
            std::string::npos);
  group.thaw();
  EXPECT_EQ(testee.make(1), (Testee::Answer{1, 0}));
  group.freeze();
  group.destroy();
  EXPECT_TRUE(testee.ended(milliseconds(0)));
  EXPECT_FALSE(std::filesystem::exists(folder_));
}

TEST_F(Unified, NestedGroupsGoWithTheirParent) {
  Cgroup group = Cgroup::adopt({folder_});
  Cgroup leaf = group.child("leaf");
  Testee testee(leaf.join_descriptors(), "threads");
  leaf.freeze();
  group.destroy();
  EXPECT_TRUE(testee.ended(milliseconds(0)));
  EXPECT_FALSE(std::filesystem::exists(folder_));
}

}  // namespace
}  // namespace ceiling
