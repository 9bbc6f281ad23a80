#pragma once

#include <vector>

#include "harness/report/page.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// The arms of a run beside each other: where the fleet was to end and did, what that did to its
/// clients, and the verdict.
void arms_table(Page& page, const std::vector<ArmVerdict>& arms);

}  // namespace ceiling
