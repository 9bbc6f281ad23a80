#pragma once

#include <optional>

#include "harness/predict/predict.h"

namespace ceiling {

/// What an arm with cache servers is going to see, of which `frontends` is what frontends meet. A
/// cache server takes a descriptor for every member that joins, so that all of them meet
/// RLIMIT_NOFILE with the same member, who then has no map; those before it have theirs. A doubt
/// where both would come in one step, or a cache server was not measured.
Prediction with_caches(Prediction frontends, const ArmPlan& arm, const CostModel& model);

/// A finding where a cache server has no place for the whole starting fleet.
std::optional<Finding> cache_finding(const ArmPlan& arm, const CostModel& model);

}  // namespace ceiling
