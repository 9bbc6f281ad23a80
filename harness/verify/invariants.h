#pragma once

#include <vector>

#include "harness/verify/arm_log.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// no-wrong-map and versions-rise of one arm, then what check_records() says.
std::vector<Invariant> check_invariants(const Experiment& experiment, const ArmPlan& arm,
                                        const ArmLog& log);

}  // namespace ceiling
