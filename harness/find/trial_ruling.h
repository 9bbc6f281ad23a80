#pragma once

#include <chrono>
#include <string>

#include "harness/find/find_result.h"
#include "harness/find/shell.h"
#include "harness/find/trial.h"

namespace ceiling {

/// What a trial's outcome is, and why in one line. Pure.

struct Ruling {
  TrialOutcome outcome = TrialOutcome::healthy;
  std::string why = {};
};

/// Its first process ended, with `status` of wait(2). `ends`: one that is to end by itself.
Ruling ruling_of_end(int status, bool ends, bool was_ready);
/// It was not ready in time. `runs`: its first process still does.
Ruling ruling_of_delay(std::chrono::milliseconds patience, bool ends, bool runs);
/// The probe ended, or did not.
Ruling ruling_of_probe(const ShellEnd& end);

const char* name_of(Readiness::Kind kind);  ///< for a history
std::string describe_end(int status);       ///< "signal 9", "exit status 1", of wait(2)'s status

}  // namespace ceiling
