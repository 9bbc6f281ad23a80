#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cgroups/facts.h"
#include "harness/prove/measurement.h"

namespace ceiling {

/// What a copy of a place has to have so that every limit leaves a testee the room that it leaves
/// there. Soft limits are those of a testee that uses nothing of them yet.
struct CopyPlan {
  bool root = false;                               ///< uid 0 there, else a private uid
  std::vector<std::int64_t> pids_room;             ///< of every limited group, leaf first
  std::optional<std::int64_t> nproc_room;          ///< tasks
  std::optional<std::int64_t> as_room, data_room;  ///< bytes
  std::optional<std::int64_t> memlock_room;        ///< bytes; the testee locks its memory as well
  std::int64_t maps = 0;                           ///< in use there
  bool heap = false;                               ///< in use there
};
/// From the place, and from the rows of headroom() for it: limits that do not apply, that nobody
/// set and that are not known are not copied.
CopyPlan plan_copy(const PlaceFacts& place, const std::vector<Limit>& rows);

/// What came of putting a testee into the place of a target.
struct Proof {
  Verdict verdict = Verdict::unknown;
  std::string reason;                           ///< why it is not confirmed
  std::optional<std::int64_t> predicted_least;  ///< threads of the testee; nothing: no limit
  std::optional<std::int64_t> predicted_most;   ///< nothing: no row says
  std::string binding;                          ///< the limit that was to refuse; empty: none
  std::int64_t asked = 0;                       ///< threads, at most
  std::string asked_because;                    ///< why no more
  std::int64_t made = 0;
  int error = 0;  ///< errno of the refused thread; 0: none was refused
  Attribution attribution;
};
/// Judges the measurement of a copy of a place whose first row is `target` (nullptr: nothing limits
/// there). Unknown as well where another limit binds the copy than the place.
Proof conclude(const Measurement& measured, const Limit* target, std::string asked_because);

}  // namespace ceiling
