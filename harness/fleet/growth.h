#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/fleet/site.h"

namespace ceiling {

/// What a person is told while it happens. `step` counts from 1 to `steps`, the most there can be.
struct Progress {
  std::string stage;  ///< "calibration", or the arm
  int step = 0;
  int steps = 0;
  std::string text;
};
using OnProgress = std::function<void(const Progress&)>;

/// The fleets that a calibration makes: of 2 and of 3 frontends, and where an arm limits memory,
/// one that is far enough from these to estimate it.
std::vector<int> calibration_sizes(const Experiment& experiment);

/// Grows a fleet of the arm's kind to calibration_sizes() without any limit and records what the
/// kernel counts. Where an arm has limits of the whole host, what the host has in use of them
/// before the first frontend is recorded first. Throws Error.
void calibrate(Site& site, const Experiment& experiment, const ArmPlan& arm,
               const OnProgress& progress);

/// Grows the arm's fleet through its sizes under its limits, and records everything that happens: a
/// member at a time, each settled before the next; samples, then the step, then the sweep, at every
/// size; limits of the whole host are set last before the growth and taken back before the audit;
/// ends after the sweep at the first size at which a frontend failed or, by the guardrail
/// admission, was kept out, or at the last size; then the audit. A step that does not settle in
/// time ends the arm early and says so in the history.
void run_arm(Site& site, const Experiment& experiment, const ArmPlan& arm,
             const OnProgress& progress);

}  // namespace ceiling
