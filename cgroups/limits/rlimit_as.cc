#include "cgroups/limits/rlimit_as.h"

#include "cgroups/limits/row.h"

namespace ceiling {

Limit rlimit_as_limit(const PlaceFacts& place, const ThreadShape& thread) {
  Limit row = process_row("RLIMIT_AS", place);
  if (needs_process(row, place)) return row;
  if (!take(row, place.as, place.vm_size)) return row;
  set_threads_that_fit(row, *row.value - row.used, thread.stack + thread.guard, place);
  return row;
}

}  // namespace ceiling
