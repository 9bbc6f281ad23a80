#pragma once

#include <optional>
#include <vector>

#include "harness/verify/arm_log.h"
#include "harness/verify/observation.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// What the history shows of an arm's recovery; nothing where it shows none.
std::optional<RecoveryVerdict> judge_recovery(const ArmPlan& arm, const ArmLog& log);

/// What is missing of it, and, where nothing is, what is expected of it against what was seen.
Doubts hold_against(const ArmPlan& arm, const ArmLog& log,
                    const std::optional<RecoveryVerdict>& recovery);

/// All at once is no rate: nobody is left in service meanwhile, nor could be late.
bool has_rate(const RecoveryPlan& plan);

/// The arm that recovered in the least time of those with a rate that was safe; nullptr: none was.
const ArmVerdict* fastest_safe(const std::vector<ArmVerdict>& arms);

/// Whether `one` restarts more frontends in a time than `other`: all at once is more than anything,
/// and else two of one strategy can be compared.
bool is_faster_paced(const RecoveryPlan& one, const RecoveryPlan& other);

/// The arms that are paced faster than `safe`, and took longer or did not come to their end.
std::vector<const ArmVerdict*> slower_though_faster(const std::vector<ArmVerdict>& arms,
                                                    const ArmVerdict& safe);

}  // namespace ceiling
