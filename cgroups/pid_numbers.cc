#include "cgroups/pid_numbers.h"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

namespace ceiling {
namespace {

/// Whose group a task is in: 0 for one that is not told; below 0: no task has that number.
pid_t group_of_task(std::int64_t number) {
  const pid_t group = ::getpgid(static_cast<pid_t>(number));
  return group < 0 && errno != ESRCH ? 0 : group;
}

/// Process groups and sessions that tasks are in.
class Led {
 public:
  void of_task(std::int64_t number, pid_t group) {
    if (group > 0 && led_.insert(group).second) {
      led_.insert(::getsid(static_cast<pid_t>(number)));
    }
  }
  /// Numbers from `first` to below `pid_max` that only a group or session holds.
  std::int64_t ownerless(std::int64_t first, std::int64_t pid_max) const {
    return std::count_if(led_.lower_bound(first), led_.lower_bound(std::max(first, pid_max)),
                         [](std::int64_t number) { return group_of_task(number) < 0; });
  }

 private:
  std::set<std::int64_t> led_;
};

}  // namespace

std::int64_t most_numbers_held(std::int64_t first, std::int64_t pid_max, std::int64_t tasks,
                               std::span<const int> pids) {
  std::int64_t below = 0;
  for (std::int64_t number = 1; number < first; ++number) below += group_of_task(number) >= 0;
  Led led;
  for (const int pid : pids) led.of_task(pid, group_of_task(pid));
  return std::max<std::int64_t>(0, tasks - below) + led.ownerless(first, pid_max);
}

std::int64_t numbers_held(std::int64_t first, std::int64_t pid_max, std::int64_t tasks) {
  std::int64_t found = 0;
  std::int64_t held = 0;
  pid_t last = 0;  // threads of a process mostly follow each other
  Led led;
  for (std::int64_t number = 1; number < pid_max && found < tasks; ++number) {
    const pid_t group = group_of_task(number);
    if (group < 0) continue;
    ++found;
    if (number >= first) ++held;
    if (group == last) continue;
    last = group;
    led.of_task(number, group);
  }
  return held + led.ownerless(first, pid_max);
}

}  // namespace ceiling
