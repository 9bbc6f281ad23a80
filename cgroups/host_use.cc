#include "cgroups/host_use.h"

#include <algorithm>
#include <set>

#include "cgroups/control_file.h"
#include "cgroups/facts.h"
#include "cgroups/read_facts.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

/// The number in a line of /proc/PID/status, as the reader's pid namespace has it; 0 where none.
std::int64_t number_in(const std::string& status, const std::string& key) {
  const auto numbers = words(value_of(status, key).value_or(""));
  return numbers.empty() ? 0 : parse_count(numbers.front(), key).value_or(0);
}

}  // namespace

std::int64_t host_tasks(const Hierarchy& hierarchy) {
  const Reading tasks = read_host(hierarchy).tasks;
  if (!tasks.seen() || !tasks.number) throw Error("tasks of the host: " + tasks.unseen);
  return *tasks.number;
}

std::int64_t pid_numbers_taken(const Hierarchy& hierarchy, std::int64_t pid_max) {
  constexpr std::int64_t kReservedPids = 300;  // RESERVED_PIDS, kernel/pid.c
  const fs::path proc = hierarchy.root() / "proc";
  std::set<std::int64_t> held;
  for (const int pid : numbered_entries(proc)) {
    const fs::path process = proc / std::to_string(pid);
    held.insert(pid);
    for (const int thread : numbered_entries(process / "task")) held.insert(thread);
    const std::string status = read_file_if_there(process / "status").value_or("");
    held.insert({number_in(status, "NSpgid:"), number_in(status, "NSsid:")});
  }
  const auto count = std::distance(held.lower_bound(kReservedPids), held.lower_bound(pid_max));
  return std::min(kReservedPids, pid_max) + count;
}

}  // namespace ceiling
