#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/inject/injection.h"

namespace ceiling {

/// What a refusal came to, the worst first.
enum class SweepOutcome {
  crashed,      ///< ended by a signal
  hung,         ///< ended by the time limit
  unnoticed,    ///< the status and the output that it has when nothing is refused
  degraded,     ///< that status, other output
  failed,       ///< another status: it noticed
  not_reached,  ///< it asked for fewer creations than before: nothing was refused
};
std::string_view to_string(SweepOutcome outcome);

/// One run in which one creation, or it and all after it, was refused.
struct SweepTrial {
  std::uint64_t number = 0;          ///< of the creation, from 1, of those that count
  std::optional<Creation> creation;  ///< the first that was refused; nothing: none was
  SweepOutcome outcome = SweepOutcome::not_reached;
  CommandEnd end;
  std::uint64_t refused = 0;
  double elapsed_s = 0;
  std::string last_line;  ///< of its standard error, else of its output
};

struct Sweep {
  std::vector<std::string> command;
  bool onward = false;  ///< the creation and all after it, not it alone
  std::string kind;     ///< "any", "thread", "process"
  int error = 0;
  CommandEnd healthy;  ///< with nothing refused
  double healthy_s = 0;
  std::uint64_t creations = 0;        ///< that count, when nothing is refused
  std::uint64_t creations_again = 0;  ///< likewise, of a second such run
  bool output_compared = false;       ///< the two had the same output
  std::vector<SweepTrial> trials;     ///< in the order of their numbers

  static constexpr std::uint64_t kMostTrials = 1000;  ///< of the first so many creations
};

}  // namespace ceiling
