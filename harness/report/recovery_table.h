#pragma once

#include <vector>

#include "harness/report/page.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// What became of one recovery.
void recovery_line(Page& page, const RecoveryVerdict& recovery);

/// Where two arms or more recovered: each with its rate and what that cost, the fastest safe rate,
/// and what was paced faster and took longer.
void recovery_table(Page& page, const std::vector<ArmVerdict>& arms);

}  // namespace ceiling
