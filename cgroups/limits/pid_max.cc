#include "cgroups/limits/pid_max.h"

#include <algorithm>

#include "cgroups/limits/row.h"

namespace ceiling {

Limit pid_max_limit(const Facts& facts) {
  const HostFacts& host = facts.host;
  Limit row = make_row("kernel.pid_max", host.first_pid_namespace ? "host" : "pid namespace",
                       "/proc/sys/kernel/pid_max", "numbers");
  if (!take(row, host.pid_max, seen(host.pids_held))) return row;
  row.threads_left = std::max<std::int64_t>(0, *row.value - host.first_free_pid() - host.pids_held);
  const bool inner = !host.first_pid_namespace || !facts.place.first_pid_namespace;
  if (inner) {
    row.certainty = Certainty::at_most;
    remark(row,
           "upper bound: pid namespaces have limits of their own, and outer ones bind as well");
  } else if (!host.last_pid) {
    row.certainty = Certainty::at_least;
    remark(row, "lower bound: this kernel does not show its cursor, taken as past 300");
  } else if (!host.pids_counted) {
    row.certainty = Certainty::at_least;
    remark(row, "used: an upper bound from the tasks of the host, not every number was asked for");
  } else if (!host.hidden.empty()) {
    row.certainty = Certainty::at_most;
    remark(row, "upper bound: " + host.hidden + " hides groups and sessions");
  }
  return row;
}

}  // namespace ceiling
