#include "cgroups/limits/rlimit_memlock.h"

#include "cgroups/limits/row.h"

namespace ceiling {

Limit rlimit_memlock_limit(const PlaceFacts& place, const ThreadShape& thread) {
  Limit row = process_row("RLIMIT_MEMLOCK", place);
  if (needs_process(row, place)) return row;
  if (place.caps_exempt_memlock) {
    row.value = place.memlock.number;
    does_not_apply(row, "exempt by CAP_IPC_LOCK");
    return row;
  }
  if (!take(row, place.memlock, place.vm_locked)) return row;
  if (row.used == 0) {
    does_not_apply(row, "binds only after mlockall(MCL_FUTURE), and nothing is locked");
    return row;
  }
  set_threads_that_fit(row, *row.value - row.used, thread.stack + thread.guard, place);
  row.certainty = Certainty::at_least;
  remark(row, "lower bound: binds only after mlockall(MCL_FUTURE), which cannot be seen");
  return row;
}

}  // namespace ceiling
