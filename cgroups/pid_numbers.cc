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

}  // namespace

std::int64_t numbers_held(std::int64_t first, std::int64_t pid_max, std::int64_t tasks) {
  std::int64_t found = 0;
  std::int64_t held = 0;
  pid_t last = 0;              // threads of a process mostly follow each other
  std::set<std::int64_t> led;  // process groups, and sessions: one for all of a group
  for (std::int64_t number = 1; number < pid_max && found < tasks; ++number) {
    const pid_t group = group_of_task(number);
    if (group < 0) continue;
    ++found;
    if (number >= first) ++held;
    if (group == last) continue;
    last = group;
    if (group > 0 && led.insert(group).second) led.insert(::getsid(static_cast<pid_t>(number)));
  }
  const auto ownerless =
      std::count_if(led.lower_bound(first), led.lower_bound(std::max(first, pid_max)),
                    [](std::int64_t number) { return group_of_task(number) < 0; });
  return held + ownerless;
}

}  // namespace ceiling
