#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "harness/spawn/launcher.h"

namespace ceiling {

/// A signal that ends the search arrived; who catches it cleans up.
struct Stopped {
  int signal = 0;
};

class CommandOutput;

/// Waits for what processes do, and keeps how they ended.
class Waiter {
 public:
  /// `stop`: a signalfd(2).
  Waiter(Launcher& launcher, int stop) : launcher_(launcher), stop_(stop) {}

  /// From now on what it says is taken while we wait, until it is left out again.
  void listen_to(CommandOutput& output) { outputs_.push_back(&output); }
  void leave_out(CommandOutput& output) { std::erase(outputs_, &output); }

  /// Returns when a process has ended or the time is over. Throws Stopped.
  void wait(std::chrono::milliseconds patience);
  /// As of wait(2); nothing while it runs.
  std::optional<int> status_of(pid_t pid) const;
  void forget(pid_t pid) { ended_.erase(pid); }

 private:
  Launcher& launcher_;
  int stop_;
  std::vector<CommandOutput*> outputs_;
  std::map<pid_t, int> ended_;
};

/// An output that is listened to until the end of the scope.
class Listening {
 public:
  Listening(Waiter& waiter, CommandOutput& output) : waiter_(waiter), output_(output) {
    waiter_.listen_to(output_);
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;
  ~Listening() { waiter_.leave_out(output_); }

 private:
  Waiter& waiter_;
  CommandOutput& output_;
};

}  // namespace ceiling
