#pragma once

#include "harness/report/html/arm_events.h"
#include "harness/report/json_values.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// What the arm's limit counts, against fleet size: as predicted, as the kernel's files said at
/// each step, and where frontends were refused. Null where the arm has no limit with a value.
///   {"limit", "unit": "tasks", "scope", "ceiling": 24,
///    "predicted": [{"fleet_size", "least", "most"}], "observed": [likewise],
///    "refusals": [{"fleet_size", "at", "count", "first_s", "frontend", "errno", "phase"}]}
OrderedJson growth_json(const ArmVerdict& arm, const ArmEvents& events);

/// Likewise of the descriptors of the arm's cache servers ("scope": "cache"). Null where it has
/// none or they have no limit.
OrderedJson cache_growth_json(const ArmVerdict& arm, const ArmEvents& events);

}  // namespace ceiling
