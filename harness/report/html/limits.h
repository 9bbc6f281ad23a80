#pragma once

#include "harness/report/html/arm_events.h"
#include "harness/report/json_values.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// The fullest that each limit with a value was seen in each kind of scope, the binding one first,
/// with what the kernel refused, or killed, there during the arm:
///   [{"limit", "scope", "where", "value", "used", "unit", "refusals", "oom_kills", "binding"}]
OrderedJson limits_json(const ArmVerdict& arm, const ArmEvents& events);

}  // namespace ceiling
