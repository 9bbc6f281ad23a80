#pragma once

#include <string>

#include "cgroups/hierarchy.h"
#include "harness/prove/measurement.h"
#include "harness/spawn/launcher.h"
#include "tests/kernel/property/combination.h"

namespace ceiling {

/// What all trials share.
struct Bench {
  Hierarchy hierarchy;
  Launcher& launcher;
  EventsMeaning meaning = EventsMeaning::unknown;
  int trials = 0;
  std::int64_t skew = 0;  ///< added to what every row predicts: a wrong rule
};

/// A ceiling-testee, unconfined, as the caller.
ProcessSpec testee_spec(const std::string& name);
/// The group of this process's n-th trial.
std::string trial_group(int trial);

/// What came of a combination.
struct Trial {
  std::string wrong;  ///< how it differs from what was predicted; empty: it does not
  std::string limit;  ///< that refused; empty: none did
  std::int64_t made = 0;
  bool exact = false;  ///< the row that bound was
};

/// Puts a testee into the combination, predicts, has it create until it is refused, and judges.
/// Leaves nothing.
Trial try_out(Bench& bench, const Combination& combination);

}  // namespace ceiling
