#include "cgroups/limits/rlimit_nproc.h"

#include <algorithm>

#include "cgroups/limits/row.h"

namespace ceiling {

Limit rlimit_nproc_limit(const Facts& facts) {
  const PlaceFacts& place = facts.place;
  Limit row = make_row("RLIMIT_NPROC", "uid " + std::to_string(place.uid),
                       place.pid == 0 ? "" : "/proc/" + std::to_string(place.pid) + "/limits");
  const bool root = place.uid == 0;
  if (place.first_user_namespace && (root || place.caps_exempt_nproc)) {
    row.value = place.nproc.number;
    does_not_apply(row, root ? "uid 0 is exempt" : "exempt by its capabilities");
    return row;
  }
  if (!take(row, place.nproc, place.uid_tasks)) return row;
  row.threads_left = std::max<std::int64_t>(0, *row.value - row.used);
  if (place.uid_tasks_from == "bound") {
    row.certainty = Certainty::at_least;
    remark(row, "used: no more than all tasks of the host; not counted, it cannot bind first");
  } else if (!place.first_user_namespace) {
    row.certainty = Certainty::at_most;
    remark(row, "upper bound: tasks of this uid in other namespaces count too");
  } else if (place.uid_tasks_from != "probe") {
    const bool other_tasks = !facts.host.first_pid_namespace || !place.first_pid_namespace;
    if (other_tasks || !facts.host.hidden.empty()) {
      row.certainty = Certainty::at_most;
      remark(row, "upper bound: " +
                      (facts.host.hidden.empty() ? "tasks of this uid in other namespaces count too"
                                                 : facts.host.hidden + " hides processes") +
                      "; --probe counts them");
    }
  }
  return row;
}

}  // namespace ceiling
