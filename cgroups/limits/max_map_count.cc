#include "cgroups/limits/max_map_count.h"

#include <algorithm>

#include "cgroups/kernel_release.h"
#include "cgroups/limits/row.h"

namespace ceiling {
namespace {

/// Since 6.7 a stack has a flag of its own (VM_NOHUGEPAGE for MAP_STACK, include/linux/mman.h);
/// before, one without another stack above it may merge with the writable map that stands there.
bool stacks_may_merge(const std::string& kernel) {
  return !is_linux_from(kernel, 6, 7);
}

}  // namespace

Limit max_map_count_limit(const Facts& facts) {
  const PlaceFacts& place = facts.place;
  Limit row =
      make_row("vm.max_map_count", place.pid == 0 ? "process" : "pid " + std::to_string(place.pid),
               "/proc/sys/vm/max_map_count", "maps");
  row.value = facts.host.max_map_count.number;
  if (needs_process(row, place)) return row;
  if (!take(row, facts.host.max_map_count, place.maps)) return row;
  const std::int64_t left = *row.value - row.used;
  row.threads_left = std::max<std::int64_t>(0, left - (place.has_heap ? 0 : 1)) / 2;
  if (!place.heap) {
    row.certainty = Certainty::at_least;
    remark(row, "lower bound: stacks of threads that have ended may be used again");
  } else if (stacks_may_merge(facts.host.kernel)) {
    row.certainty = Certainty::at_least;
    remark(row, "lower bound: before Linux 6.7 a stack may merge with the map beside it");
  } else if (!place.has_heap && left == 2) {
    row.certainty = Certainty::at_least;
    remark(row, "lower bound: a first heap that comes after the stack leaves it room");
  }
  return row;
}

}  // namespace ceiling
