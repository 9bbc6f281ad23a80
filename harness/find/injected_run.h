#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "harness/inject/supervisor.h"

namespace ceiling {

class CommandOutput;

/// A command and what is refused to it.
struct InjectedCommand {
  std::vector<std::string> command;
  Refusing refusing;
  std::optional<std::chrono::milliseconds> time_limit;
  int standard_input = -1;                   ///< descriptors that it gets; -1: ours
  int standard_output = -1;                  ///< likewise
  int standard_error = -1;                   ///< likewise
  std::vector<CommandOutput*> outputs = {};  ///< emptied while it runs
  /// What a terminal sends, Ctrl-C, is the command's affair while it runs. False: it ends the run.
  bool owns_terminal = true;
};

/// Why a command did not start: exit status 127 where there is none of that name, 126 where it
/// cannot be executed.
struct NotStarted {
  int status = 0;
  std::string why;
};

/// How a run came to its end.
struct InjectedRun {
  Injection injection;
  std::optional<NotStarted> not_started;
  bool hung = false;  ///< ended by the time limit
  int ended_by = 0;   ///< a signal that ended it
};

/// Runs the command with no_new_privs below the creation filter and answers it until its whole tree
/// has ended: descendants that outlive it belong to it. To be called by `inner` of guarded(), with
/// its `outer`: when that becomes readable, when the time is over, and five seconds after a signal
/// the tree is ended. A signal of kill(1) is handed on; one of a terminal has reached the command
/// already, and counts where that has ended or does not own the terminal. Throws Error where the
/// kernel has no notifications, or the injector itself fails; the tree is then ended by the guard.
InjectedRun run_injected(const InjectedCommand& command, int outer);

}  // namespace ceiling
