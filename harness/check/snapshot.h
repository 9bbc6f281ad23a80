#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/check/answer.h"

namespace ceiling {

/// What was read of one host for one or several targets, to be answered elsewhere or later.
struct Snapshot {
  std::string host;   ///< its name, of uname(2)
  std::string taken;  ///< UTC, as in 2026-11-25T19:30:00Z
  std::vector<Subject> subjects;
};

/// `ceiling.snapshot/1` (harness/report/schemas/snapshot.json).
std::string snapshot_json(const Snapshot& snapshot);

/// Reads what snapshot_json() wrote; every subject then knows which snapshot it is of. Members that
/// this version does not know are passed over. Throws BadInput, naming `file`, with every finding:
/// no JSON, another schema, members that are missing or hold what no kernel shows.
Snapshot parse_snapshot(std::string_view text, const std::string& file);

/// The subject that `selector` names; for one that names nobody (the caller's own place) the only
/// one there is. Throws BadInput, naming `file` and what is in it.
const Subject& subject_in(const Snapshot& snapshot, const Selector& selector,
                          const std::string& file);

}  // namespace ceiling
