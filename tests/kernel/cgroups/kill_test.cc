#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "cgroups/error.h"
#include "tests/kernel/cgroups/testee.h"

namespace ceiling {
namespace {

using Answer = Testee::Answer;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class Kill : public Privileged {
 protected:
  static void expect_gone(const std::vector<std::filesystem::path>& folders) {
    ASSERT_FALSE(folders.empty());
    for (const auto& folder : folders) EXPECT_FALSE(std::filesystem::exists(folder)) << folder;
  }
};

TEST_F(Kill, EndsEveryProcessAndKeepsTheLimit) {
  Cgroup group = make_group();
  group.set_pids_max(40);
  Testee testee(group.join_descriptors(), "processes");
  EXPECT_EQ(testee.make(20), (Answer{20, 0}));
  group.kill();
  EXPECT_TRUE(testee.ended(milliseconds(0)));
  EXPECT_TRUE(eventually([&] { return group.pids().current == 0; }));
  EXPECT_EQ(group.pids().max, 40);
  const auto folders = group.folders();
  group.destroy();
  expect_gone(folders);
}

TEST_F(Kill, ReachesNestedGroups) {
  Cgroup top = make_group();
  Cgroup middle = top.child("middle");
  Cgroup leaf = middle.child("leaf");
  Testee deep(leaf.join_descriptors(), "threads");
  EXPECT_EQ(deep.make(3), (Answer{3, 0}));
  const auto folders = leaf.folders();
  top.destroy();
  EXPECT_TRUE(deep.ended(milliseconds(0)));
  expect_gone(folders);
  leaf.destroy();  // what is gone already is no error
  middle.destroy();
}

TEST_F(Kill, FrozenTasksDieToo) {
  Cgroup group = make_group();
  Testee testee(group.join_descriptors(), "processes");
  EXPECT_EQ(testee.make(5), (Answer{5, 0}));
  group.freeze();
  EXPECT_FALSE(testee.ended(milliseconds(0)));
  group.destroy();
  EXPECT_TRUE(testee.ended(milliseconds(0)));
}

TEST_F(Kill, FrozenNestedGroupsDieToo) {
  Cgroup top = make_group();
  Cgroup leaf = top.child("leaf");
  Testee testee(leaf.join_descriptors(), "threads");
  leaf.freeze();
  top.freeze();
  top.destroy();
  EXPECT_TRUE(testee.ended(milliseconds(0)));
}

TEST_F(Kill, ThawLetsThemRunAgain) {
  Cgroup group = make_group();
  Testee testee(group.join_descriptors(), "threads");
  group.freeze();
  group.thaw();
  EXPECT_EQ(testee.make(1), (Answer{1, 0})) << "a frozen process would never answer";
}

/// Forks until the group is full, with every process at it.
Testee start_bomb(Cgroup& group, std::int64_t size) {
  group.set_pids_max(size);
  Testee bomb(group.join_descriptors(), "bomb");
  EXPECT_TRUE(eventually([&] { return group.pids().events > 0; }));
  return bomb;
}

TEST_F(Kill, ForkBombEndsWithinTwoSeconds) {
  Cgroup group = make_group();
  Testee bomb = start_bomb(group, 100);
  const auto folders = group.folders();
  const auto begin = steady_clock::now();
  group.destroy();
  EXPECT_LT(steady_clock::now() - begin, seconds(2));
  expect_gone(folders);
}

TEST_F(Kill, FrozenForkBombEndsWithinTwoSeconds) {
  Cgroup group = make_group();
  Testee bomb = start_bomb(group, 100);
  group.freeze();
  const auto begin = steady_clock::now();
  group.destroy();
  EXPECT_LT(steady_clock::now() - begin, seconds(2));
}

TEST_F(Kill, AnotherProcessCleansUpByTheFoldersAlone) {
  Cgroup top = make_group();
  Cgroup leaf = top.child("leaf");
  Testee testee(leaf.join_descriptors(), "threads");
  std::vector<std::filesystem::path> folders = top.folders();
  const pid_t cleaner = ::fork();
  if (cleaner == 0) {
    try {
      folders.push_back(std::filesystem::path(folders.front()).concat("-never-made"));
      Cgroup::adopt(folders).destroy();
    } catch (const std::exception&) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(cleaner, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(testee.ended(milliseconds(0)));
  expect_gone(top.folders());
}

TEST_F(Kill, AdoptTakesNothingThatIsNotOurs) {
  EXPECT_THROW(Cgroup::adopt({hierarchy_.folder("pids", "/")}), Error);
  EXPECT_THROW(Cgroup::adopt({hierarchy_.folder("pids", "/") / "system.slice"}), Error);
}

TEST_F(Kill, CallerDoesNotEndItself) {
  Cgroup group = make_group();
  const pid_t inside = ::fork();
  if (inside == 0) {
    int result = 1;
    try {
      group.join(::getpid());
      result = 2;
      group.kill();
    } catch (const Error&) {
      if (result == 2) result = 0;
    } catch (const std::exception&) {
      result = 3;
    }
    ::_exit(result);
  }
  int status = -1;
  ::waitpid(inside, &status, 0);
  group.destroy();
  ASSERT_TRUE(WIFEXITED(status)) << "killed by its own hand";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace ceiling
