#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <variant>

#include "harness/find/injected_run.h"
#include "harness/find/sweep_result.h"

namespace ceiling {

struct SweepPlan {
  std::vector<std::string> command;
  std::optional<CreationKind> kind;  ///< what counts; nothing: both
  bool onward = false;
  int error = 0;  ///< errno of a refusal
  /// Of one run; nothing: ten times that of the first one, and ten seconds at least.
  std::optional<std::chrono::milliseconds> time_limit;
};

/// Why there is no sweep.
struct NoSweep {
  int status = 0;  ///< exit status of the verb
  std::string why;
};

/// Runs the command twice with nothing refused, then once for each creation that counted, with that
/// one refused. Its input is empty, its output is kept and, where it was the same twice, compared.
/// There is no sweep of a command whose status was not. A terminal's Ctrl-C ends it. `outer` as in
/// run_injected(); `progress` is told how many trials are done, of how many.
std::variant<Sweep, NoSweep> run_sweep(
    const SweepPlan& plan, int outer,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace ceiling
