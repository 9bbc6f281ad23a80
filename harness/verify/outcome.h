#pragma once

#include <string>
#include <vector>

#include "harness/verify/arm_log.h"
#include "harness/verify/observation.h"

namespace ceiling {

struct Conclusion {
  Outcome outcome = Outcome::unknown;
  std::vector<std::string> against_contained = {};  ///< what shows that it was not
  std::vector<std::string> missing = {};  ///< what the outcome could not be concluded without
};

/// The outcome of an arm whose prediction was met. `maps`: the invariant no-wrong-map.
Conclusion conclude(const Experiment& experiment, const ArmPlan& arm, const ArmLog& log,
                    const Prediction& predicted, const Observation& seen, const Invariant& maps);

/// What the conclusion says against what the arm expects.
Doubts hold_against(Outcome expect, const Conclusion& concluded);

}  // namespace ceiling
