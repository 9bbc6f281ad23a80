#pragma once

#include "harness/report/html/arm_events.h"
#include "harness/report/json_values.h"

namespace ceiling {

/// What an arm went through, by the time of the history:
///   {"from_s", "to_s",
///    "steps": [{"t_s", "fleet_size", "settled", "in_service", "failed"}],
///    "routable": [{"t_s", "share", "fleet_size", "pairs"}],
///    "canary": {"bucket_s", "counts": [{"t_s", "ok", "failed", "unknown"}]},
///    "marks": [{"t_s", "until_s", "kind", "count", "fleet_size", "text"}],
///    "dependents": [{"name", "health": [{"t_s", "ok", "reason", "buffered", "dropped"}],
///                    "ended": null or {"t_s", "detail"}}]}
/// Steps, sweeps and health are thinned (thin.h); marks of one kind on the way to one size are one,
/// and in a long arm those of one stretch of time.
OrderedJson course_json(const ArmEvents& events);

}  // namespace ceiling
