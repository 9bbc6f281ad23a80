#include "cgroups/unified.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
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

/// Where v2 carries pids: a group as a service manager hands it to a user, and a caller inside.
class Delegated : public Privileged {
 protected:
  void SetUp() override {
    Privileged::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const ControllerMount* pids = hierarchy_.controller("pids");
    ASSERT_NE(pids, nullptr);
    if (pids->version == CgroupVersion::v1) GTEST_SKIP() << "pids is on v1 here: see label vm";
  }

  /// What `act` returns in a forked process that stands in `group`; 99 where it throws.
  static int inside(const Cgroup& group, const std::function<int()>& act) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        ::_exit(enter(group) ? act() : 98);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(99);
      }
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

// pids alone is enabled beside processes without a word, and then nobody can enter the new group.
TEST_F(Delegated, OnlyPidsHandedDownIsEnough) {
  Cgroup outer = make_group({"pids"});
  const Cgroup scope = outer.child("scope");
  EXPECT_EQ(inside(scope,
                   [] {
                     const Hierarchy hierarchy = Hierarchy::detect();
                     Cgroup::check_place(hierarchy);
                     Cgroup group = Cgroup::create(hierarchy, "ceiling-below");
                     Cgroup leaf = group.child("leaf");
                     leaf.set_pids_max(4);
                     Testee testee(leaf.join_descriptors(), "threads");
                     return testee.make(9) == Testee::Answer{3, EAGAIN} ? 0 : 1;
                   }),
            0);
  outer.destroy();
}

TEST_F(Delegated, StrangerBesideTheCallerIsToldBeforeAnythingIsMade) {
  Cgroup scope = make_group({"pids", "memory"});
  const Testee stranger(scope.join_descriptors(), "threads");
  EXPECT_EQ(inside(scope,
                   [&] {
                     try {
                       Cgroup::check_place(Hierarchy::detect());
                       return 1;
                     } catch (const HostError& error) {
                       const std::string who = std::to_string(stranger.pid());
                       return std::string(error.what()).find(who) == std::string::npos ? 2 : 0;
                     }
                   }),
            0);
  EXPECT_EQ(words(read_file(scope.folders()[0] / "cgroup.procs")).size(), 1u);
  EXPECT_EQ(words(read_file(scope.folders()[0] / "cgroup.subtree_control")).size(), 0u);
  scope.destroy();
}

TEST_F(Delegated, PidsThatIsNotHandedDownIsToldBeforeAnythingIsMade) {
  Cgroup outer = make_group({"pids"});
  const std::filesystem::path scope = outer.folders()[0] / "ceiling-scope";
  ASSERT_EQ(::mkdir(scope.c_str(), 0755), 0);
  EXPECT_EQ(inside(Cgroup::adopt({scope}),
                   [] {
                     try {
                       Cgroup::check_place(Hierarchy::detect());
                       return 1;
                     } catch (const HostError&) {
                       return 0;
                     }
                   }),
            0);
  outer.destroy();
}

}  // namespace
}  // namespace ceiling
