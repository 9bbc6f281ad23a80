#pragma once

#include <span>
#include <string>

#include "harness/verify/verify.h"

namespace ceiling {

/// One of several runs of the same experiment.
struct RepeatedRun {
  std::string folder;
  RunVerdict verdict;
};

/// Refuted if a run is, else unknown if a run is.
Verdict verdict_of(std::span<const RepeatedRun> runs);

/// How many runs of how many were confirmed, refuted and unknown, as a whole and by arm, and over
/// how much their fleet sizes and lowest routable shares are spread. `ceiling.repeat/1`.
std::string repeat_json(std::span<const RepeatedRun> runs);
std::string repeat_text(std::span<const RepeatedRun> runs, bool colour);

}  // namespace ceiling
