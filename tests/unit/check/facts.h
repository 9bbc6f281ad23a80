#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>

#include "harness/check/answer.h"

namespace ceiling::test {

inline constexpr std::int64_t kMiB = 1 << 20;

/// A process of uid 1000 in /a/b, where 10 tasks may be and 4 are, on a host with much room.
inline Facts facts_of_a_process() {
  Facts facts;
  HostFacts& host = facts.host;
  host.kernel = "6.12.0";
  host.hierarchy = "unified";
  host.libc = "glibc 2.36";
  host.tasks = seen(100);
  host.threads_max = seen(100'000);
  host.pid_max = seen(4'194'304);
  host.last_pid = 5000;
  host.pids_held = 100;
  host.pids_counted = true;
  host.max_map_count = seen(65'530);
  host.overcommit_memory = seen(0);
  host.commit_limit = seen(1000 * kMiB);
  host.committed = seen(100 * kMiB);
  host.memory = 2000 * kMiB;
  PlaceFacts& place = facts.place;
  place.kind = "pid";
  place.pid = 4242;
  place.uid = 1000;
  place.pids_group = place.memory_group = "/a/b";
  place.pids = {{"/a/b", "/sys/fs/cgroup/a/b/pids.max", 10, 4},
                {"/a", "/sys/fs/cgroup/a/pids.max", std::nullopt, 7}};
  place.nproc = seen(5000);
  place.uid_tasks = seen(50);
  place.uid_tasks_from = "sum";
  place.as = place.data = seen(std::nullopt);
  place.memlock = seen(8 * kMiB);
  place.nofile = seen(1024);
  place.stack = seen(8 * kMiB);
  place.vm_size = seen(4 * kMiB);
  place.vm_data = seen(1 * kMiB);
  place.vm_locked = seen(0);
  place.maps = seen(30);
  place.descriptors = seen(4);
  return facts;
}

inline Subject subject_of(Facts facts) {
  return {.selector = pid_selector(4242), .facts = std::move(facts)};
}

inline const Row& row_of(const Answer& answer, const std::string& name,
                         const std::string& scope = "") {
  const auto found = std::find_if(answer.rows.begin(), answer.rows.end(), [&](const Row& row) {
    return row.limit.name == name && (scope.empty() || row.limit.scope == scope);
  });
  if (found == answer.rows.end()) throw std::out_of_range(name);
  return *found;
}

}  // namespace ceiling::test
