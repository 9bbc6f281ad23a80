#include "cgroups/limits/memory_max.h"

#include <algorithm>

#include "cgroups/limits/row.h"

namespace ceiling {

std::vector<Limit> memory_max_limits(const PlaceFacts& place) {
  constexpr std::int64_t kErrorShare = 3;  // seen: 30 to 45 KB a thread in a fresh group
  std::vector<Limit> rows;
  for (const GroupFacts& group : place.memory) {
    if (!group.max) continue;
    Limit row =
        make_row("memory.max", group.group, group.file, "bytes", place.oom_kills ? 0 : ENOMEM);
    row.trace =
        place.oom_kills ? "SIGKILL; memory.events oom_kill; Memory cgroup out of memory: ..." : "";
    row.value = group.max;
    row.used = group.current;
    row.threads_left = std::max<std::int64_t>(0, *row.value - row.used) / kIdleThreadBytes;
    row.certainty = Certainty::estimate;
    row.error = *row.threads_left / kErrorShare + 1;
    remark(row, place.oom_kills
                    ? "estimate, of idle threads; ends in the OOM killer, not in a refusal"
                    : "estimate, of idle threads");
    rows.push_back(row);
  }
  if (!place.no_memory.empty()) {
    Limit row = make_row("memory.max", place.memory_group, "", "bytes", 0);
    row.certainty = Certainty::unknown;
    remark(row, "unknown: " + place.no_memory);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace ceiling
