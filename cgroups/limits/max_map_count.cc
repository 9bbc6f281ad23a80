#include "cgroups/limits/max_map_count.h"

#include <algorithm>

#include "cgroups/limits/row.h"

namespace ceiling {

Limit max_map_count_limit(const Facts& facts) {
  const PlaceFacts& place = facts.place;
  Limit row =
      make_row("vm.max_map_count", place.pid == 0 ? "process" : "pid " + std::to_string(place.pid),
               "/proc/sys/vm/max_map_count", "maps");
  row.value = facts.host.max_map_count.number;
  if (needs_process(row, place)) return row;
  if (!take(row, facts.host.max_map_count, place.maps)) return row;
  const std::int64_t room = *row.value - row.used - (place.has_heap ? 0 : 1);
  row.threads_left = std::max<std::int64_t>(0, room) / 2;
  if (!place.heap) {
    row.certainty = Certainty::at_least;
    remark(row, "lower bound: stacks of threads that have ended may be used again");
  }
  return row;
}

}  // namespace ceiling
