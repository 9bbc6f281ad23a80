#include <algorithm>
#include <set>
#include <vector>

#include "cgroups/control_file.h"
#include "cgroups/limits/rlimit_nproc.h"
#include "cgroups/pid_numbers.h"
#include "cgroups/read_facts.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

/// What the statuses of all visible processes add up to, proc_pid_status(5).
struct Count {
  std::int64_t tasks = 0;
  std::int64_t of_uid = 0;
  std::set<std::int64_t> led;  ///< process groups and sessions
  std::vector<int> single;     ///< processes with one thread
  std::vector<int> threaded;   ///< those with more
};

// PID_MAX_LIMIT in include/linux/threads.h: no number is beyond it.
constexpr std::int64_t kMostPidMax = 4 << 20;

std::int64_t number_in(const std::string& status, const std::string& key) {
  // In nested namespaces a line has a number for each: the first is that of the reader's.
  const auto line = value_of(status, key);
  const auto numbers = words(line.value_or("0"));
  return numbers.empty() ? 0 : parse_count(numbers.front(), key).value_or(0);
}

/// Of all tasks, those with numbers that kernel.pid_max does not allow (any more).
std::int64_t count_beyond(const fs::path& proc, const Count& counted, std::int64_t pid_max) {
  if (pid_max >= kMostPidMax) return 0;
  const auto is_beyond = [pid_max](int number) { return number >= pid_max; };
  auto beyond = std::count_if(counted.single.begin(), counted.single.end(), is_beyond);
  for (const int pid : counted.threaded) {
    const std::vector<int> numbers = numbered_entries(proc / std::to_string(pid) / "task");
    beyond += std::count_if(numbers.begin(), numbers.end(), is_beyond);
  }
  return beyond;
}

Count count(const fs::path& proc, uid_t uid) {
  Count count;
  for (const int pid : numbered_entries(proc)) {
    const auto status = read_file_if_there(proc / std::to_string(pid) / "status");
    if (!status) continue;
    const std::int64_t threads = number_in(*status, "Threads:");
    count.tasks += threads;
    (threads == 1 ? count.single : count.threaded).push_back(pid);
    if (number_in(*status, "Uid:") == uid) count.of_uid += threads;
    count.led.insert(number_in(*status, "NSpgid:"));
    count.led.insert(number_in(*status, "NSsid:"));
  }
  count.led.erase(0);  // kernel threads have none, outer sessions show as 0
  return count;
}

bool is_task(const fs::path& proc, std::int64_t number) {
  // A thread that leads no process is not listed, and found by its number all the same.
  std::error_code gone;
  return fs::exists(proc / std::to_string(number) / "stat", gone);
}

/// From what the statuses say. In the first namespace the kernel's own count of tasks is whole,
/// even where processes hide.
std::int64_t held_by_status(const fs::path& proc, const HostFacts& host, const Count& counted) {
  const std::int64_t pid_max = host.pid_max.number.value_or(kMostPidMax);
  const std::int64_t tasks =
      host.first_pid_namespace ? host.tasks.number.value_or(counted.tasks) : counted.tasks;
  const std::int64_t first = host.first_free_pid();
  std::int64_t below = 0;
  for (std::int64_t number = 1; number < first; ++number) below += is_task(proc, number) ? 1 : 0;
  const auto ownerless = std::count_if(counted.led.lower_bound(first),
                                       counted.led.lower_bound(std::max(first, pid_max)),
                                       [&](std::int64_t number) { return !is_task(proc, number); });
  const std::int64_t beyond = count_beyond(proc, counted, pid_max);
  return std::max<std::int64_t>(0, tasks - below - beyond + ownerless);
}

/// So many tasks that asking for every number is cheaper than reading those of all threads, which
/// has to be done where the limit may have been lowered below some of them.
bool ask_for_numbers(const Hierarchy& hierarchy, const HostFacts& host) {
  constexpr std::int64_t kAskedInTheTimeOfReadingOne = 4;
  const std::int64_t pid_max = host.pid_max.number.value_or(kMostPidMax);
  return hierarchy.root() == "/" && host.first_pid_namespace && pid_max < kMostPidMax &&
         pid_max < host.tasks.number.value_or(0) * kAskedInTheTimeOfReadingOne;
}

}  // namespace

void count_tasks(const Hierarchy& hierarchy, Facts& facts, Numbers numbers) {
  const fs::path proc = hierarchy.root() / "proc";
  HostFacts& host = facts.host;
  PlaceFacts& place = facts.place;
  const bool ask = ask_for_numbers(hierarchy, host);
  const bool counts_uid = rlimit_nproc_limit(facts).applies && place.uid_tasks_from != "probe";
  if (counts_uid || !ask) {
    const Count counted = count(proc, place.uid);
    if (place.uid_tasks_from != "probe") {
      place.uid_tasks = seen(counted.of_uid);
      place.uid_tasks_from = "sum";
    }
    if (!ask) host.pids_held = held_by_status(proc, host, counted);
  }
  const bool bound = ask && numbers == Numbers::bound && host.hidden.empty();
  if (bound) {
    host.pids_held = most_numbers_held(host.first_free_pid(), *host.pid_max.number,
                                       *host.tasks.number, numbered_entries(proc));
  } else if (ask) {
    host.pids_held = numbers_held(host.first_free_pid(), *host.pid_max.number, *host.tasks.number);
  }
  host.pids_counted = !bound;
}

}  // namespace ceiling
