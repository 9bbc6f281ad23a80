#include "cgroups/unified.h"

#include <gtest/gtest.h>

#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "tests/unit/cgroups/fake_tree.h"

namespace ceiling {
namespace {

TEST(EnableForChildren, AddsOnlyWhatIsThereAndMissing) {
  FakeTree tree;
  tree.file("/g/cgroup.controllers", "cpu memory pids\n")
      .file("/g/cgroup.subtree_control", "cpu\n");
  enable_for_children(tree.at("/g"), {"pids", "freezer", "memory"});
  EXPECT_EQ(read_file(tree.at("/g/cgroup.subtree_control")), "+pids +memory ");
}

TEST(EnableForChildren, WritesNothingWhereAllIsEnabled) {
  FakeTree tree;
  tree.file("/g/cgroup.controllers", "pids\n").file("/g/cgroup.subtree_control", "pids\n");
  enable_for_children(tree.at("/g"), {"pids", "memory"});
  EXPECT_EQ(read_file(tree.at("/g/cgroup.subtree_control")), "pids\n");
}

}  // namespace
}  // namespace ceiling
