#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "cgroups/cgroup.h"
#include "harness/find/waiter.h"
#include "harness/spawn/launcher.h"

namespace ceiling {

/// What came of a shell command beside the one under trial.
struct ShellEnd {
  bool in_time = false;
  int status = -1;        ///< exit status, or 128+N for signal N
  std::string last_line;  ///< of what it said

  bool ok() const { return in_time && status == 0; }
  std::string how() const;  ///< "ended with status 1: no such key", for a sentence
};

/// Runs `sh -c COMMAND` in `group`, as whom `like` says, and ends all that is left of it in the
/// group. `tick` is called now and then meanwhile; what it throws ends the command too.
ShellEnd run_shell(const std::string& command, ProcessSpec like, Cgroup& group, Launcher& launcher,
                   Waiter& waiter, std::chrono::milliseconds patience,
                   const std::function<void()>& tick);

}  // namespace ceiling
