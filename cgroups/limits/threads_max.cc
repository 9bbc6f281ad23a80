#include "cgroups/limits/threads_max.h"

#include <algorithm>

#include "cgroups/limits/row.h"

namespace ceiling {

Limit threads_max_limit(const HostFacts& host) {
  Limit row = make_row("kernel.threads-max", "host", "/proc/sys/kernel/threads-max");
  if (!take(row, host.threads_max, host.tasks)) return row;
  row.threads_left = std::max<std::int64_t>(0, *row.value - row.used);
  return row;
}

}  // namespace ceiling
