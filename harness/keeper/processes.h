#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace ceiling {

/// What proc_pid_stat(5) says of a process.
struct ProcessStat {
  char state = '?';           ///< field 3; 'Z': ended, not reaped
  std::uint64_t started = 0;  ///< field 22: with the pid it names one process for ever
};

/// Nothing when there is no such process.
std::optional<ProcessStat> stat_of(pid_t pid);

/// True while the process that began at `started` under this pid lives; a zombie does not.
bool lives(pid_t pid, std::uint64_t started);

/// Processes whose parent is `pid`, zombies included.
std::vector<pid_t> children_of(pid_t pid);

}  // namespace ceiling
