#include "harness/fleet/guardrail_events.h"

namespace ceiling {

std::optional<AdmissionEvent> admission_event(const wire::Status& before, const wire::Status& now,
                                              int fleet_size) {
  if (!now.has_not_admitted() || before.has_not_admitted()) return std::nullopt;
  const wire::NotAdmitted& why = now.not_admitted();
  return AdmissionEvent{.frontend = now.name(),
                        .limit = why.room().limit(),
                        .scope = why.room().scope(),
                        .member = why.member(),
                        .left = static_cast<std::int64_t>(why.room().left()),
                        .needed = static_cast<std::int64_t>(why.needed()),
                        .fleet_size = fleet_size};
}

std::optional<AlarmEvent> alarm_event(const wire::Status& before, const wire::Status& now,
                                      int fleet_size) {
  if (!now.has_alarm() || before.has_alarm()) return std::nullopt;
  const wire::Room& room = now.alarm().room();
  return AlarmEvent{.frontend = now.name(),
                    .limit = room.limit(),
                    .scope = room.scope(),
                    .used = static_cast<std::int64_t>(room.used()),
                    .value = static_cast<std::int64_t>(room.value()),
                    .fleet_size = fleet_size};
}

}  // namespace ceiling
