#include "cgroups/limits/rlimit_data.h"

#include "cgroups/limits/row.h"

namespace ceiling {
namespace {

/// mprotect_fixup() in mm/mprotect.c asks RLIMIT_DATA only where RLIMIT_AS had room for the stack
/// once more: the last stack that RLIMIT_AS lets in goes through. Its heap is asked as ever.
bool last_one_goes_through(const PlaceFacts& place, const ThreadShape& thread, std::int64_t room) {
  if (!place.heap || !place.as.number || !place.vm_size.number) return false;
  const Fit fit = fit_threads(room, thread.stack, *place.heap);
  const std::int64_t space = *place.as.number - *place.vm_size.number - fit.heap_growth -
                             (fit.threads + 1) * (thread.stack + thread.guard);
  const bool at_stack = fit.room < thread.stack;
  return at_stack && !fit.heap_grows_next && space >= 0 && space < thread.stack;
}

}  // namespace

Limit rlimit_data_limit(const PlaceFacts& place, const ThreadShape& thread) {
  Limit row = process_row("RLIMIT_DATA", place);
  row.trace = "once per boot: ... VmData ... exceed data ulimit ...";
  if (needs_process(row, place)) return row;
  if (!take(row, place.data, place.vm_data)) return row;
  const std::int64_t room = *row.value - row.used;
  set_threads_that_fit(row, room, thread.stack, place);
  if (last_one_goes_through(place, thread, room)) {
    ++*row.threads_left;
    remark(row, "one more than fits: not asked for the last stack that RLIMIT_AS allows");
  }
  return row;
}

}  // namespace ceiling
