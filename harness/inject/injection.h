#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/inject/choice.h"

namespace ceiling {

/// One thread or process that the tree asked for.
struct Creation {
  double t_s = 0;    ///< since the command was started
  int process = 0;   ///< that asked
  int thread = 0;    ///< likewise
  std::string name;  ///< of that thread, as in /proc/PID/comm
  CreationKind kind = CreationKind::thread;
  bool refused = false;
};

/// How the command itself came to its end.
struct CommandEnd {
  int status = 0;  ///< exit status
  int signal = 0;  ///< that ended it; 0: none
};

/// What became of a tree under injection.
struct Injection {
  std::vector<std::string> command;
  Choice choice;
  int error = 0;           ///< errno of a refusal; 0: chosen creations are delayed only
  std::uint64_t seen = 0;  ///< creations, of either kind
  std::uint64_t refused = 0;
  std::uint64_t unreadable =
      0;  ///< of them, those whose kind could not be read; let through, not counted
  std::vector<Creation> creations;  ///< the first kMostListed, in their order
  CommandEnd end;
  double elapsed_s = 0;

  static constexpr std::size_t kMostListed = 100'000;
};

}  // namespace ceiling
