#include "cgroups/limits/pids_max.h"

#include <algorithm>
#include <cerrno>

#include "cgroups/pids_state.h"

namespace ceiling {

std::vector<Limit> pids_max_limits(const Hierarchy& hierarchy, const std::string& group) {
  std::vector<Limit> rows;
  for (const PidsState& state : pids_path(hierarchy, group)) {
    Limit row;
    row.name = "pids.max";
    row.scope = state.group;
    row.where = (state.folder / "pids.max").string();
    row.value = state.max;
    row.used = state.current;
    // current may exceed max: neither lowering nor attaching is refused.
    if (row.value) row.threads_left = std::max<std::int64_t>(0, *row.value - row.used);
    row.refusal_errno = EAGAIN;
    rows.push_back(row);
  }
  // Only the root of the whole hierarchy has no pids.max: a mount point that has one is not it.
  const std::string top = hierarchy.controller("pids")->root;
  if (!rows.empty() && rows.back().scope == top) {
    rows.back().exact = false;
    rows.back().note = "upper bound: groups above this one cannot be seen from here";
  }
  return rows;
}

}  // namespace ceiling
