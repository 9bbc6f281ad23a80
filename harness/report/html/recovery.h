#pragma once

#include "harness/report/html/arm_events.h"
#include "harness/report/json_values.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// What an arm went through from its first restart to the end of its recovery, in stretches of one
/// length; seconds count from that restart. Null where nobody was restarted.
///   {"from_s", "to_s", "stretch_s", "limit_s",
///    "stretches": [{"t_s", "requests", "failed", "restarts", "again", "removals"}],
///    "sweeps": [{"t_s", "share", "pairs"}]}
/// from_s is of the history; limit_s what the recovery may take. A stretch in which nothing was
/// begun is left out. Requests are canary operations, by their begin; those failed that did not end
/// well. `again`: restarts of who had been removed, or had ended.
OrderedJson recovery_json(const ArmVerdict& arm, const ArmEvents& events);

}  // namespace ceiling
