#include "cgroups/limits/rlimit_data.h"

#include "cgroups/limits/row.h"

namespace ceiling {

Limit rlimit_data_limit(const PlaceFacts& place, const ThreadShape& thread) {
  Limit row = process_row("RLIMIT_DATA", place);
  row.trace = "once per boot: ... VmData ... exceed data ulimit ...";
  if (needs_process(row, place)) return row;
  if (!take(row, place.data, place.vm_data)) return row;
  set_threads_that_fit(row, *row.value - row.used, thread.stack, place);
  return row;
}

}  // namespace ceiling
