#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>

#include "harness/spawn/launcher.h"

namespace ceiling {

/// A signal that ends the search arrived; who catches it cleans up.
struct Stopped {
  int signal = 0;
};

/// Waits for what processes do, and keeps how they ended.
class Waiter {
 public:
  /// `stop`: a signalfd(2).
  Waiter(Launcher& launcher, int stop) : launcher_(launcher), stop_(stop) {}

  /// Returns when a process has ended or the time is over. Throws Stopped.
  void wait(std::chrono::milliseconds patience);
  /// As of wait(2); nothing while it runs.
  std::optional<int> status_of(pid_t pid) const;
  void forget(pid_t pid) { ended_.erase(pid); }

 private:
  Launcher& launcher_;
  int stop_;
  std::map<pid_t, int> ended_;
};

}  // namespace ceiling
