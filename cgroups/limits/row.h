#pragma once

#include <cerrno>
#include <string>

#include "cgroups/facts.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// Inside limits/: a row that is exact and applies, with what every rule fills in.
Limit make_row(std::string name, std::string scope, std::string where, std::string unit = "tasks",
               int refusal_errno = EAGAIN);
/// The row of an rlimit in bytes over one process.
Limit process_row(std::string name, const PlaceFacts& place, int refusal_errno = EAGAIN);
/// True, and the row does not apply, where no process is meant whose memory could be counted.
bool needs_process(Limit& row, const PlaceFacts& place);
/// Takes what was read for value and use; makes the row unknown, and says why, where either was not
/// seen. False then, and where the limit is unlimited: there is no number to work out.
bool take(Limit& row, const Reading& value, const Reading& used);
/// The limit cannot refuse this target a thread.
void does_not_apply(Limit& row, std::string note);
/// Adds a remark.
void remark(Limit& row, const std::string& note);

/// Threads that fit into `room` bytes when each takes `each` and glibc's heap grows in between by
/// 132 KiB at a time (M_TOP_PAD, sysmalloc() in malloc/malloc.c).
struct Fit {
  std::int64_t threads = 0;
  std::int64_t room = 0;         ///< that is left of the room
  std::int64_t heap_growth = 0;  ///< bytes
  bool heap_grows_next = false;  ///< the next thread, too, makes it grow
};
/// With the least that the heap has free.
Fit fit_threads(std::int64_t room, std::int64_t each, HeapFacts heap);

/// Sets the row's threads_left to those that fit, and its certainty: exact where the process's own
/// word on its heap leaves one answer, else the least.
void set_threads_that_fit(Limit& row, std::int64_t room, std::int64_t each,
                          const PlaceFacts& place);

}  // namespace ceiling
