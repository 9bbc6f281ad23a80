#include "cgroups/hierarchy.h"

#include <gtest/gtest.h>

#include "cgroups/error.h"
#include "tests/unit/cgroups/fake_tree.h"

namespace ceiling {
namespace {

constexpr const char* kOther = "22 27 0:21 / /proc rw,relatime - proc proc rw\n";

TEST(Hierarchy, LegacyHasControllersOnTheirOwnMounts) {
  FakeTree tree;
  tree.file("/proc/self/mountinfo",
            kOther + v1_mount("/", "/sys/fs/cgroup/pids", "pids") +
                v1_mount("/", "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct") +
                v1_mount("/", "/sys/fs/cgroup/systemd", "xattr,name=systemd"))
      .file("/proc/self/cgroup", "9:name=systemd:/s\n8:pids:/x/y\n2:cpu,cpuacct:/c:d\n")
      .file("/proc/77/cgroup", "8:pids:/other\n");
  const Hierarchy hierarchy = Hierarchy::detect(tree.root());
  EXPECT_EQ(hierarchy.mode(), HierarchyMode::legacy);
  ASSERT_NE(hierarchy.controller("pids"), nullptr);
  EXPECT_EQ(hierarchy.controller("pids")->version, CgroupVersion::v1);
  EXPECT_EQ(hierarchy.controller("xattr"), nullptr);
  EXPECT_EQ(hierarchy.controller("rw"), nullptr);
  EXPECT_EQ(hierarchy.controller("freezer"), nullptr);
  EXPECT_EQ(hierarchy.group_of(0, "pids"), "/x/y");
  EXPECT_EQ(hierarchy.group_of(77, "pids"), "/other");
  EXPECT_EQ(hierarchy.group_of(0, "cpuacct"), "/c:d") << "a group's name may hold a colon";
  EXPECT_EQ(hierarchy.folder("pids", "/x/y"), tree.at("/sys/fs/cgroup/pids/x/y"));
  EXPECT_EQ(hierarchy.folder("pids", "/"), tree.at("/sys/fs/cgroup/pids"));
}

TEST(Hierarchy, HybridDecidesPerController) {
  FakeTree tree;
  tree.file("/proc/self/mountinfo",
            v2_mount("/", "/sys/fs/cgroup/unified") + v1_mount("/", "/sys/fs/cgroup/pids", "pids"))
      .file("/sys/fs/cgroup/unified/cgroup.controllers", "pids hugetlb\n")
      .file("/proc/self/cgroup", "8:pids:/one\n0::/two\n");
  const Hierarchy hierarchy = Hierarchy::detect(tree.root());
  EXPECT_EQ(hierarchy.mode(), HierarchyMode::hybrid);
  EXPECT_EQ(hierarchy.controller("pids")->version, CgroupVersion::v1);
  EXPECT_EQ(hierarchy.controller("hugetlb")->version, CgroupVersion::v2);
  EXPECT_EQ(hierarchy.controller("freezer")->version, CgroupVersion::v2);
  EXPECT_EQ(hierarchy.controller("memory"), nullptr);
  EXPECT_EQ(hierarchy.group_of(0, "pids"), "/one");
  EXPECT_EQ(hierarchy.group_of(0, "hugetlb"), "/two");
  EXPECT_THROW(hierarchy.group_of(0, "memory"), HostError);
  EXPECT_EQ(hierarchy.folder("hugetlb", "/two"), tree.at("/sys/fs/cgroup/unified/two"));
}

TEST(Hierarchy, UnifiedCarriesEverythingInOnePlace) {
  FakeTree tree;
  tree.file("/proc/self/mountinfo", v2_mount("/", "/sys/fs/cgroup"))
      .file("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n")
      .file("/proc/self/cgroup", "0::/user.slice/run.scope\n");
  const Hierarchy hierarchy = Hierarchy::detect(tree.root());
  EXPECT_EQ(hierarchy.mode(), HierarchyMode::unified);
  for (const char* name : {"pids", "memory", "freezer"}) {
    ASSERT_NE(hierarchy.controller(name), nullptr) << name;
    EXPECT_EQ(hierarchy.controller(name)->version, CgroupVersion::v2);
    EXPECT_EQ(hierarchy.group_of(0, name), "/user.slice/run.scope");
  }
}

TEST(Hierarchy, BindMountedSubRootShowsOnlyWhatIsBelow) {
  FakeTree tree;
  tree.file("/proc/self/mountinfo", v1_mount("/docker/abc", "/sys/fs/cgroup/pids", "pids"))
      .file("/proc/self/cgroup", "8:pids:/docker/abc/app\n");
  const Hierarchy hierarchy = Hierarchy::detect(tree.root());
  EXPECT_EQ(hierarchy.folder("pids", "/docker/abc"), tree.at("/sys/fs/cgroup/pids"));
  EXPECT_EQ(hierarchy.folder("pids", hierarchy.group_of(0, "pids")),
            tree.at("/sys/fs/cgroup/pids/app"));
  EXPECT_THROW(hierarchy.folder("pids", "/docker"), Error);
  EXPECT_THROW(hierarchy.folder("pids", "/docker/abcdef"), Error) << "a prefix is no ancestor";
  EXPECT_THROW(hierarchy.folder("pids", "/docker/abc/../other"), Error);
}

TEST(Hierarchy, CgroupNamespaceHidesItsAncestors) {
  FakeTree tree;
  tree.file("/proc/self/mountinfo", v2_mount("/", "/sys/fs/cgroup"))
      .file("/sys/fs/cgroup/cgroup.controllers", "pids\n")
      .file("/proc/self/cgroup", "0::/\n")
      .file("/proc/5/cgroup", "0::/../neighbour\n");
  const Hierarchy hierarchy = Hierarchy::detect(tree.root());
  EXPECT_EQ(hierarchy.folder("pids", hierarchy.group_of(0, "pids")), tree.at("/sys/fs/cgroup"));
  EXPECT_THROW(hierarchy.folder("pids", hierarchy.group_of(5, "pids")), Error);
}

TEST(Hierarchy, MountFromOutsideTheNamespaceIsSearchedByItsOwnRoot) {
  FakeTree tree;
  tree.file("/proc/self/mountinfo", v1_mount("/..", "/host/pids", "pids"));
  const Hierarchy hierarchy = Hierarchy::detect(tree.root());
  EXPECT_EQ(hierarchy.folder("pids", "/../neighbour"), tree.at("/host/pids/neighbour"));
  EXPECT_THROW(hierarchy.folder("pids", "/x"), Error) << "our own root's name is not known there";
  EXPECT_THROW(hierarchy.folder("pids", "/../../x"), Error);
}

TEST(Hierarchy, TakesTheMountThatShowsMost) {
  FakeTree tree;
  tree.file("/proc/self/mountinfo", v1_mount("/docker/abc", "/container/pids", "pids") +
                                        v1_mount("/", "/sys/fs/cgroup/pids", "pids") +
                                        v1_mount("/docker/x", "/other/pids", "pids"));
  EXPECT_EQ(Hierarchy::detect(tree.root()).controller("pids")->mount_point, "/sys/fs/cgroup/pids");
}

TEST(Hierarchy, LaterMountHidesTheEarlierOnTheSamePlace) {
  FakeTree tree;
  tree.file("/proc/self/mountinfo",
            v1_mount("/", "/sys/fs/cgroup", "pids") + v2_mount("/", "/sys/fs/cgroup"))
      .file("/sys/fs/cgroup/cgroup.controllers", "pids\n");
  const Hierarchy hierarchy = Hierarchy::detect(tree.root());
  EXPECT_EQ(hierarchy.mode(), HierarchyMode::unified);
  EXPECT_EQ(hierarchy.controller("pids")->version, CgroupVersion::v2);
}

TEST(Hierarchy, MountPointsWithBlanksAreUnescaped) {
  FakeTree tree;
  tree.file("/proc/self/mountinfo", v1_mount("/a\\040b", "/sys/my\\040groups", "pids"));
  EXPECT_EQ(Hierarchy::detect(tree.root()).folder("pids", "/a b/c"), tree.at("/sys/my groups/c"));
}

TEST(Hierarchy, SaysWhatIsMissing) {
  FakeTree tree;
  EXPECT_THROW(Hierarchy::detect(tree.root()), Error) << "no mountinfo";
  tree.file("/proc/self/mountinfo", kOther);
  EXPECT_THROW(Hierarchy::detect(tree.root()), HostError) << "nothing mounted";
}

TEST(Hierarchy, ProcessThatIsGoneAndGroupThatIsGoneAreErrors) {
  FakeTree tree;
  tree.file("/proc/self/mountinfo", v1_mount("/", "/sys/fs/cgroup/pids", "pids"))
      .file("/proc/9/cgroup", "8:pids:/x (deleted)\n")
      .file("/proc/10/cgroup", "7:cpu:/x\n");
  const Hierarchy hierarchy = Hierarchy::detect(tree.root());
  EXPECT_THROW(hierarchy.group_of(8, "pids"), Error);
  EXPECT_THROW(hierarchy.group_of(9, "pids"), Error);
  EXPECT_THROW(hierarchy.group_of(10, "pids"), Error);
}

}  // namespace
}  // namespace ceiling
