#include "cgroups/limits/overcommit_memory.h"

#include <algorithm>

#include "cgroups/limits/row.h"

namespace ceiling {
namespace {

/// What is kept from a process is a 32nd of its own size, which grows with every stack, and no more
/// than vm.user_reserve_kbytes.
std::int64_t threads_that_fit(std::int64_t room, std::int64_t own, const HostFacts& host,
                              const ThreadShape& thread) {
  constexpr std::int64_t kShare = 32;
  const std::int64_t growing =
      (room - own / kShare) * kShare / (thread.stack * kShare + thread.stack + thread.guard);
  const std::int64_t capped = (room - host.user_reserve) / thread.stack;
  return std::max({std::int64_t{0}, growing, capped});
}

}  // namespace

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
  constexpr std::int64_t kMostRoom = std::int64_t{1} << 52;  // beyond every host's memory
  const std::int64_t room =
      std::min(kMostRoom, *row.value - row.used - (place.caps_admin ? 0 : host.admin_reserve));
  row.threads_left = threads_that_fit(room, place.vm_size.number.value_or(0), host, thread);
  row.certainty = Certainty::estimate;
  row.error = host.memory / 250 / thread.stack + 1;
  remark(row, "estimate: the kernel keeps its sum per CPU, ± 0.4 % of RAM");
  return row;
}

}  // namespace ceiling
