#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "harness/find/command_output.h"
#include "harness/find/kept_limit.h"
#include "harness/find/limit_use.h"
#include "harness/find/shell.h"
#include "harness/find/trial.h"
#include "harness/find/trial_place.h"
#include "harness/find/waiter.h"

namespace ceiling {

/// The processes of one trial: the command, its output, and shells beside it. Whatever waits here
/// empties the output, samples the limit's use and looks whether it is kept; so all that waits
/// throws NotSearchable as KeptLimit does, and Stopped.
class TriedCommand {
 public:
  /// As Trials::run(), of the `number`-th trial. Borrows all but the value and the log.
  TriedCommand(const TrialSubject& subject, const SearchedLimit& limit, const TrialSite& site,
               Waiter& waiter, int number, std::optional<std::int64_t> value, int log);

  /// What is to be done before. Throws NotSearchable where that fails.
  void prepare();
  /// Sets the limit, which is in force from here on.
  void set_limit() { place_.set_limit(value_); }
  /// Throws SpawnError.
  void start();

  void wait(std::chrono::milliseconds patience);
  /// A shell command of the user's, beside it.
  ShellEnd ask(const std::string& command, std::chrono::milliseconds patience);

  pid_t pid() const { return main_; }  ///< of its first process; -1: none was started
  std::optional<int> status() const;   ///< of that one, as of wait(2); nothing while it runs
  bool empty();                        ///< no process of it is left
  bool has_ended();                    ///< nothing of it goes on, or its first ended badly
  bool has_said_line();                ///< that it was ready, to Readiness::Kind::log
  LimitUse& use() { return use_; }
  const CommandOutput& output() const { return output_; }

  void restore_host() { place_.restore_host(); }
  /// Ends all of it, takes the rest of the output and removes the groups.
  void end();

 private:
  void look();

  const TrialSubject& subject_;
  Launcher& launcher_;
  Waiter& waiter_;
  std::optional<std::int64_t> value_;
  TrialPlace place_;
  CommandOutput output_;
  Listening listening_;
  LimitUse use_;
  KeptLimit kept_;
  pid_t main_ = -1;
};

}  // namespace ceiling
