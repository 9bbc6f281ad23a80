#pragma once

#include <vector>

#include "harness/verify/arm_log.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// What became of the records of one arm, from what canaries and clients of the user's say and what
/// the audit found: no-lost-records, right-shard, order-in-shard and, where a client of the user's
/// read, no-gap. Operations whose outcome is unknown prove nothing either way. Streams that a
/// client removed are left out. No worse than n log n in the events.
std::vector<Invariant> check_records(const Experiment& experiment, const ArmLog& log);

}  // namespace ceiling
