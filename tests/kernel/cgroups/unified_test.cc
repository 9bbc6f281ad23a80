#include "cgroups/unified.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "cgroups/control_file.h"
#include "cgroups/error.h"
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

/// Writes "0" to the file that a forked child is to be born by; false when refused.
bool enter(const Cgroup& group) {
  for (const int procs : group.join_descriptors()) {
    if (::write(procs, "0", 1) != 1) return false;
  }
  return true;
}

TEST_F(Unified, CallerMakesWayWithItsDescendants) {
  Cgroup group = Cgroup::adopt({folder_});
  const pid_t inside = ::fork();
  if (inside == 0) {
    int result = 3;
    try {
      if (!enter(group)) ::_exit(2);
      Testee descendant({}, "threads");
      move_to_leaf(folder_, "leaf");
      const auto left = words(read_file(folder_ / "cgroup.procs"));
      const auto moved = words(read_file(folder_ / "leaf/cgroup.procs"));
      result = left.empty() && moved.size() == 2 ? 0 : 1;
    } catch (const std::exception&) {  // result says so
    }
    ::_exit(result);
  }
  int status = -1;
  ::waitpid(inside, &status, 0);
  EXPECT_EQ(status, 0);
  group.destroy();
}

TEST_F(Unified, StrangerInTheWayIsNotMoved) {
  Cgroup group = Cgroup::adopt({folder_});
  Testee stranger(group.join_descriptors(), "threads");
  const pid_t inside = ::fork();
  if (inside == 0) {
    if (!enter(group)) ::_exit(2);
    try {
      move_to_leaf(folder_, "leaf");
    } catch (const HostError& error) {
      const auto here = words(read_file(folder_ / "cgroup.procs"));
      const bool told = error.remedy().find("systemd-run") != std::string::npos;
      ::_exit(told && here.size() == 2 && !std::filesystem::exists(folder_ / "leaf") ? 0 : 1);
    }
    ::_exit(3);
  }
  int status = -1;
  ::waitpid(inside, &status, 0);
  EXPECT_EQ(status, 0);
  group.destroy();
}

}  // namespace
}  // namespace ceiling
