#include "cgroups/limits/overcommit_memory.h"

#include <algorithm>

#include "cgroups/limits/row.h"

namespace ceiling {

Limit overcommit_memory_limit(const Facts& facts, const ThreadShape& thread) {
  const HostFacts& host = facts.host;
  const PlaceFacts& place = facts.place;
  Limit row = make_row("vm.overcommit_memory", "host", "/proc/sys/vm/overcommit_memory", "bytes");
  row.trace = "__vm_enough_memory: pid: ..., comm: ..., not enough memory for the allocation";
  if (!host.overcommit_memory.seen()) {
    take(row, host.overcommit_memory, seen(0));
    return row;
  }
  if (host.overcommit_memory.number != 2) {
    does_not_apply(row, "counts only where it is 2, it is " +
                            std::to_string(host.overcommit_memory.number.value_or(0)));
    return row;
  }
  if (!take(row, host.commit_limit, host.committed)) return row;
  const std::int64_t own = place.vm_size.number.value_or(0) / 32;
  const std::int64_t reserve =
      (place.caps_admin ? 0 : host.admin_reserve) + std::min(own, host.user_reserve);
  row.threads_left = std::max<std::int64_t>(0, *row.value - row.used - reserve) / thread.stack;
  row.certainty = Certainty::estimate;
  row.error = host.memory / 250 / thread.stack + 1;
  remark(row, "estimate: the kernel keeps its sum per CPU, ± 0.4 % of RAM");
  return row;
}

}  // namespace ceiling
