#pragma once

#include <cstdint>
#include <span>

namespace ceiling {

/// Numbers from `first` to below `pid_max` that no new task can be given now, in the caller's pid
/// namespace: those of tasks, threads included, and those of process groups and sessions whose
/// leader has gone. Asks the kernel for one number after the other, getpgid(2) and getsid(2), until
/// `tasks` of them are found; any user may, and hidepid hides nothing from it. Some 0.4 µs a
/// number, where the number of a thread in /proc costs 1.5 µs.
std::int64_t numbers_held(std::int64_t first, std::int64_t pid_max, std::int64_t tasks);

/// The most that these can be, when `pids` are all processes and there are `tasks` tasks: asks only
/// for the numbers below `first` and for the processes. It is more than numbers_held() only where a
/// task has a number from `pid_max` on, which a limit that was lowered leaves behind.
std::int64_t most_numbers_held(std::int64_t first, std::int64_t pid_max, std::int64_t tasks,
                               std::span<const int> pids);

}  // namespace ceiling
