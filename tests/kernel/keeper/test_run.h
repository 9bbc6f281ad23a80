#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "cgroups/cgroup.h"
#include "harness/keeper/keeper.h"
#include "tests/support/spawn/support.h"

namespace ceiling {

/// A test of the keeper: its own registry, and a test process to which all orphans come, so that
/// the end of everything is an event (ECHILD) and not a guess.
class KeeperTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;  ///< nothing may be left

  RegistryEntry new_entry();
  /// Whether a group folder, a data folder or a registry entry of any test of this process is
  /// there.
  std::string leftovers() const;

  const Hierarchy hierarchy = Hierarchy::detect();
  TemporaryFolder folder;
  Registry registry{folder.path()};
};

/// What a harness makes: a data folder, a group with a process, a daemon, and both of them frozen;
/// and one process outside, which only its parent can be told by.
class TestRun {
 public:
  /// Makes all of it; says a byte on `progress` after every step where it is a descriptor.
  TestRun(Keeper& keeper, const Hierarchy& hierarchy, int progress = -1);
  static constexpr int kSteps = 6;

  const Cgroup& group() const { return group_; }

 private:
  Cgroup group_;
  Cgroup awake_;
  Cgroup frozen_;
};

/// A process that made itself a daemon, in the groups of `join`. Only a living keeper finds it when
/// that is none.
pid_t start_daemon(Launcher& launcher, const std::vector<int>& join);

/// Forks a harness that makes a TestRun and waits for ever.
struct HarnessProcess {
  pid_t pid = -1;
  Descriptor progress;  ///< kSteps + 1 bytes: the keeper has started, and each step
};
HarnessProcess start_harness(const Registry& registry, const RegistryEntry& entry,
                             const Hierarchy& hierarchy);

/// Reads until all steps are done. False when the harness died before.
bool await_made(const HarnessProcess& harness);

}  // namespace ceiling
