#pragma once

#include <vector>

#include "harness/verify/arm_log.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// no-wrong-map, versions-rise, no-lost-records and right-shard of one arm, in this order. Linear
/// in the events.
std::vector<Invariant> check_invariants(const Experiment& experiment, const ArmPlan& arm,
                                        const ArmLog& log);

}  // namespace ceiling
