#include "cgroups/limits/pid_max.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include "cgroups/control_file.h"
#include "cgroups/namespaces.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kReservedPids = 300;

/// Numbers in use: every thread, and the groups and sessions whose leader has gone.
std::set<std::int64_t> held_numbers(const fs::path& proc) {
  std::set<std::int64_t> held;
  for (const int pid : numbered_entries(proc)) {
    const fs::path process = proc / std::to_string(pid);
    held.insert(pid);
    for (const int thread : numbered_entries(process / "task")) held.insert(thread);
    const std::string stat = read_file_if_there(process / "stat").value_or("");
    // proc_pid_stat(5): the command's name, in brackets, may hold anything.
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos) continue;
    const std::vector<std::string> fields = words(stat.substr(name_end + 1));
    if (fields.size() < 4) continue;
    held.insert(parse_count(fields[2], "pgrp").value_or(0));
    held.insert(parse_count(fields[3], "session").value_or(0));
  }
  held.erase(0);  // kernel threads have no group, outer sessions show as 0
  return held;
}

}  // namespace

Limit pid_max_limit(const fs::path& root) {
  const fs::path file = root / "proc/sys/kernel/pid_max";
  const auto last = read_file_if_there(root / "proc/sys/kernel/ns_last_pid");
  Limit row;
  row.name = "kernel.pid_max";
  row.scope = "host";
  row.where = file.string();
  row.value = parse_count(read_file(file), file.string());
  row.refusal_errno = EAGAIN;
  const std::int64_t end = row.value.value_or(0);
  const std::int64_t cursor = last ? parse_count(*last, "ns_last_pid").value_or(0) + 1 : end;
  const std::int64_t begin = cursor <= kReservedPids ? cursor : kReservedPids;

  const std::set<std::int64_t> held = held_numbers(root / "proc");
  row.used = static_cast<std::int64_t>(held.size());
  const auto in_range = std::distance(held.lower_bound(begin), held.lower_bound(end));
  row.threads_left = std::max<std::int64_t>(0, end - begin - in_range);
  if (!last) {
    row.exact = false;
    row.note = "this kernel does not show its cursor (ns_last_pid): taken as past 300";
  } else if (!in_first_pid_namespace(root / "proc/self")) {
    row.exact = false;
    row.scope = "pid namespace";
    row.note = "upper bound: outer pid namespaces bind as well and cannot be seen";
  }
  return row;
}

}  // namespace ceiling
