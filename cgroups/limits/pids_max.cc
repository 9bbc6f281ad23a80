#include "cgroups/limits/pids_max.h"

#include <algorithm>

#include "cgroups/limits/row.h"

namespace ceiling {

std::vector<Limit> pids_max_limits(const PlaceFacts& place) {
  std::vector<Limit> rows;
  for (const GroupFacts& group : place.pids) {
    Limit row = make_row("pids.max", group.group, group.file);
    row.value = group.max;
    row.used = group.current;
    row.trace = "pids.events; once per group: cgroup: fork rejected by pids controller in ...";
    // current may exceed max: neither lowering nor attaching is refused.
    if (row.value) row.threads_left = std::max<std::int64_t>(0, *row.value - row.used);
    rows.push_back(row);
  }
  if (!place.no_pids.empty()) {
    Limit row = make_row("pids.max", place.pids_group, "");
    row.certainty = Certainty::unknown;
    remark(row, "unknown: " + place.no_pids);
    rows.push_back(row);
  } else if (place.ancestors_hidden && !rows.empty()) {
    Limit& top = rows.back();
    top.certainty = top.value ? Certainty::at_most : Certainty::unknown;
    remark(top, "upper bound: groups above this one cannot be seen from here");
  }
  return rows;
}

}  // namespace ceiling
