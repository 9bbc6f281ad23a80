#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/spawn/launcher.h"

namespace ceiling {

/// A testee (testee.cc) with these arguments, unconfined and as the caller.
ProcessSpec testee(std::vector<std::string> arguments);

/// A launcher that is a child of the test itself.
class TestLauncher {
 public:
  TestLauncher();
  ~TestLauncher();  ///< closes the channel and reaps the launcher
  Launcher& operator*() { return *launcher_; }
  Launcher* operator->() { return &*launcher_; }
  pid_t pid() const { return pid_; }
  /// Closes our end and returns the launcher's wait status.
  int close();

 private:
  std::optional<Launcher> launcher_;
  pid_t pid_ = -1;
};

/// Starts `spec` with a pipe as its standard output and returns all that it says until it ends.
std::string output_of(Launcher& launcher, ProcessSpec spec);

/// Waits until `count` exits have been reported, at most five seconds.
std::vector<Exit> await_exits(Launcher& launcher, std::size_t count);

/// Reaps until this process has no child left; false when `patience` passes first. With
/// PR_SET_CHILD_SUBREAPER, true means that everything that it ever started has ended.
bool all_reaped(std::chrono::milliseconds patience = std::chrono::seconds(2));

/// True once `descriptor` is readable, false when `patience` passes first.
bool readable(int descriptor, std::chrono::milliseconds patience);

/// Processes whose parent is `pid`, zombies included.
std::vector<pid_t> child_processes(pid_t pid);

/// The letter of proc_pid_stat(5), nothing when there is no such process.
std::optional<char> state_of(pid_t pid);

/// A folder of the test's own, removed with it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Why a privileged test cannot run here; empty where it can. Fails the test where
/// CEILING_REQUIRE_PRIVILEGED=1.
std::string missing_privilege();

}  // namespace ceiling
