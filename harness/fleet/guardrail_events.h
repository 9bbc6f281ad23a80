#pragma once

#include <optional>

#include "harness/observe/history.h"
#include "messages.pb.h"

namespace ceiling {

/// What a frontend's guardrails say in `now` and did not say in the status `before`, in a fleet of
/// `fleet_size`, the frontend included.
std::optional<AdmissionEvent> admission_event(const wire::Status& before, const wire::Status& now,
                                              int fleet_size);
std::optional<AlarmEvent> alarm_event(const wire::Status& before, const wire::Status& now,
                                      int fleet_size);

}  // namespace ceiling
