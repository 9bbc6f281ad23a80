// What the public test suites of the pids controller ask of it, for threads as well as processes.
#include <cerrno>

#include "cgroups/control_file.h"
#include "tests/kernel/cgroups/testee.h"

namespace ceiling {
namespace {

using Answer = Testee::Answer;

class PidsCases : public Privileged, public testing::WithParamInterface<const char*> {
 protected:
  Testee testee_in(const Cgroup& group) { return {group.join_descriptors(), GetParam()}; }

  /// Process by process: all threads of one, or every one that a testee made.
  static void move_all(const Cgroup& from, Cgroup& to) {
    const std::string procs = read_file(from.folders().front() / "cgroup.procs");
    for (const std::string& pid : words(procs)) to.join(std::stoi(pid));
  }
};

INSTANTIATE_TEST_SUITE_P(Of, PidsCases, testing::Values("threads", "processes"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(PidsCases, AncestorBindsBelowItsLeaf) {
  Cgroup parent = make_group();
  Cgroup leaf = parent.child("leaf");
  parent.set_pids_max(10);
  leaf.set_pids_max(50);
  Testee testee = testee_in(leaf);
  EXPECT_EQ(testee.make(60), (Answer{9, EAGAIN}));
  EXPECT_EQ(parent.pids().current, 10);
  // Where it is counted differs by kernel: in the forking or in the limiting group.
  EXPECT_EQ(parent.pids().events + leaf.pids().events, 1);

  const std::vector<PidsState> path = pids_path(hierarchy_, leaf.pids_group());
  ASSERT_GE(path.size(), 2u);
  EXPECT_EQ(path[0].group, leaf.pids_group());
  EXPECT_EQ(path[0].max, 50);
  EXPECT_EQ(path[1].group, parent.pids_group());
  EXPECT_EQ(path[1].max, 10);
  leaf.destroy();
  parent.destroy();
}

TEST_P(PidsCases, AncestorIsSharedByItsLeaves) {
  Cgroup parent = make_group();
  Cgroup one = parent.child("one");
  Cgroup other = parent.child("other");
  parent.set_pids_max(10);
  Testee first = testee_in(one);
  Testee second = testee_in(other);
  EXPECT_EQ(first.make(5), (Answer{5, 0}));
  EXPECT_EQ(second.make(9), (Answer{3, EAGAIN}));
  EXPECT_EQ(first.make(1), (Answer{0, EAGAIN}));
  EXPECT_EQ(one.pids().current, 6);
  EXPECT_EQ(other.pids().current, 4);
  EXPECT_EQ(parent.pids().current, 10);
  parent.set_pids_max(12);
  EXPECT_EQ(first.make(9), (Answer{2, EAGAIN}));
  one.destroy();
  other.destroy();
  parent.destroy();
}

TEST_P(PidsCases, LoweringBelowCurrentIsNotRefusedAndStopsEveryNewTask) {
  Cgroup group = make_group();
  group.set_pids_max(20);
  Testee testee = testee_in(group);
  EXPECT_EQ(testee.make(9), (Answer{9, 0}));
  group.set_pids_max(5);
  EXPECT_EQ(group.pids().current, 10);
  EXPECT_EQ(testee.make(1), (Answer{0, EAGAIN}));
  group.set_pids_max(11);
  EXPECT_EQ(testee.make(9), (Answer{1, EAGAIN}));
  group.set_pids_max(std::nullopt);
  EXPECT_EQ(group.pids().max, std::nullopt);
  EXPECT_EQ(testee.make(15), (Answer{15, 0}));
  group.destroy();
}

TEST_P(PidsCases, AttachingIsNeverRefused) {
  Cgroup open = make_group();
  Cgroup full = make_group();
  full.set_pids_max(1);
  std::vector<Testee> testees;
  for (int i = 0; i < 3; ++i) {
    testees.push_back(testee_in(open));
    EXPECT_EQ(testees.back().make(2), (Answer{2, 0}));
  }
  move_all(open, full);
  EXPECT_EQ(full.pids().current, 9);
  EXPECT_EQ(open.pids().current, 0);
  EXPECT_EQ(full.pids().events, 0) << "an attachment is no refusal";
  EXPECT_EQ(testees[0].make(1), (Answer{0, EAGAIN}));
  full.destroy();
  open.destroy();
}

TEST_P(PidsCases, ZeroRefusesEveryTask) {
  Cgroup group = make_group();
  group.set_pids_max(0);
  Testee testee = testee_in(group);
  EXPECT_EQ(testee.make(1), (Answer{0, EAGAIN}));
  EXPECT_EQ(group.pids().current, 1);
  group.destroy();
}

TEST_P(PidsCases, ZeroOfAnAncestorRefusesEveryTask) {
  Cgroup parent = make_group();
  Cgroup leaf = parent.child("leaf");
  parent.set_pids_max(0);
  Testee testee = testee_in(leaf);
  EXPECT_EQ(testee.make(1), (Answer{0, EAGAIN}));
  leaf.destroy();
  parent.destroy();
}

TEST_P(PidsCases, EveryRefusalIsCounted) {
  Cgroup group = make_group();
  group.set_pids_max(3);
  Testee testee = testee_in(group);
  EXPECT_EQ(testee.make(5), (Answer{2, EAGAIN}));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(testee.make(1), (Answer{0, EAGAIN}));
  EXPECT_EQ(group.pids().events, 5);
  group.destroy();
}

TEST_P(PidsCases, MigrationTakesTheChargeAlong) {
  Cgroup from = make_group();
  Cgroup to = make_group();
  to.set_pids_max(6);
  Testee testee = testee_in(from);
  EXPECT_EQ(testee.make(5), (Answer{5, 0}));
  EXPECT_EQ(from.pids().current, 6);
  move_all(from, to);
  EXPECT_EQ(from.pids().current, 0);
  EXPECT_EQ(to.pids().current, 6);
  EXPECT_EQ(testee.make(1), (Answer{0, EAGAIN}));
  EXPECT_EQ(from.pids().events, 0);
  EXPECT_EQ(to.pids().events, 1);
  move_all(to, from);
  EXPECT_EQ(to.pids().current, 0);
  EXPECT_EQ(testee.make(3), (Answer{3, 0}));
  EXPECT_EQ(from.pids().current, 9);
  from.destroy();
  to.destroy();
}

TEST_P(PidsCases, MigrationBelowOneAncestorLeavesItsCountAlone) {
  Cgroup parent = make_group();
  Cgroup from = parent.child("from");
  Cgroup to = parent.child("to");
  parent.set_pids_max(6);
  Testee testee = testee_in(from);
  EXPECT_EQ(testee.make(9), (Answer{5, EAGAIN}));
  move_all(from, to);
  EXPECT_EQ(from.pids().current, 0);
  EXPECT_EQ(to.pids().current, 6);
  EXPECT_EQ(parent.pids().current, 6);
  EXPECT_EQ(testee.make(1), (Answer{0, EAGAIN}));
  from.destroy();
  to.destroy();
  parent.destroy();
}

/// 10 × 10 groups of 10 tasks each, below one group.
TEST_P(PidsCases, AThousandTasksInAHundredGroupsAreCountedOnEveryLevel) {
  constexpr int kBranches = 10;
  constexpr int kTasks = 10;
  Cgroup top = make_group();
  std::vector<Cgroup> middles, leaves;
  std::vector<Testee> testees;
  for (int i = 0; i < kBranches; ++i) {
    middles.push_back(top.child("middle-" + std::to_string(i)));
    for (int j = 0; j < kBranches; ++j) {
      leaves.push_back(middles.back().child("leaf-" + std::to_string(j)));
      testees.push_back(testee_in(leaves.back()));
      ASSERT_EQ(testees.back().make(kTasks - 1), (Answer{kTasks - 1, 0}));
    }
  }
  EXPECT_EQ(top.pids().current, 1000);
  for (const Cgroup& middle : middles) EXPECT_EQ(middle.pids().current, 100);
  for (const Cgroup& leaf : leaves) EXPECT_EQ(leaf.pids().current, 10);

  middles[3].set_pids_max(100);
  EXPECT_EQ(testees[35].make(1), (Answer{0, EAGAIN})) << "its own ancestor is full";
  EXPECT_EQ(testees[45].make(1), (Answer{1, 0})) << "another branch is not";
  top.set_pids_max(1002);
  EXPECT_EQ(testees[0].make(5), (Answer{1, EAGAIN}));
  for (Testee& testee : testees) EXPECT_EQ(testee.make(1), (Answer{0, EAGAIN}));
  EXPECT_EQ(top.pids().current, 1002);

  testees.clear();
  EXPECT_TRUE(eventually([&top] { return top.pids().current == 0; }));
  for (const Cgroup& leaf : leaves) EXPECT_EQ(leaf.pids().current, 0);
  top.destroy();
}

}  // namespace
}  // namespace ceiling
