#include "harness/predict/alarm.h"

#include "harness/predict/room.h"

namespace ceiling {
namespace {

/// The binding room of whoever reaches the share first in a fleet of `size`; the first of several.
std::optional<RaisedAlarm> alarm_at(const ArmPlan& arm, const CostModel& model, int size) {
  const auto reached = [&](const std::vector<Room>& rooms,
                           std::optional<int> member) -> std::optional<RaisedAlarm> {
    const Room* room = binding(rooms);
    if (room == nullptr || room->used * 100 < room->value * arm.fleet.alarm_percent) {
      return std::nullopt;
    }
    return RaisedAlarm{.fleet_size = size,
                       .limit = room->limit,
                       .value = room->value,
                       .used = room->used,
                       .servers_left = 0,
                       .member = member};
  };
  if (arm.limits.scope == LimitScope::fleet) {
    return reached(shared_rooms(arm.limits, model.fleet_tasks(size)), std::nullopt);
  }
  for (const int member : kinds_of_members(arm.limits, size)) {
    if (auto alarm = reached(own_rooms(arm.limits, model, member, size - 1), member)) return alarm;
  }
  return std::nullopt;
}

std::optional<RaisedAlarm> first_alarm(const ArmPlan& arm, const CostModel& model) {
  const std::optional<int> fails = first_failing_size(arm, model);
  if (!fails) return std::nullopt;
  for (const int size : arm.fleet.sizes()) {
    auto alarm = alarm_at(arm, model, size);
    if (!alarm) continue;
    alarm->servers_left = *fails - 1 - size;
    return alarm;
  }
  return std::nullopt;
}

/// 0: none.
int largest_share_in_time(ArmPlan arm, const CostModel& model) {
  for (; arm.fleet.alarm_percent > 0; --arm.fleet.alarm_percent) {
    const auto alarm = first_alarm(arm, model);
    if (!alarm || alarm->servers_left >= kServersAfterAlarm) break;
  }
  return arm.fleet.alarm_percent;
}

}  // namespace

void add_alarm(Prediction& prediction, const ArmPlan& arm, const CostModel& model) {
  if (!arm.has(Guardrail::alarm) || !prediction.doubt.empty()) return;
  prediction.alarm = first_alarm(arm, model);
}

std::optional<Finding> alarm_finding(const ArmPlan& arm, const CostModel& model) {
  if (!arm.has(Guardrail::alarm)) return std::nullopt;
  const auto alarm = first_alarm(arm, model);
  if (!alarm || alarm->servers_left >= kServersAfterAlarm) return std::nullopt;
  const int share = largest_share_in_time(arm, model);
  const std::string room = alarm->servers_left < 1
                               ? "no more servers fit"
                               : std::to_string(alarm->servers_left) + " more server fits";
  return Finding{arm.fleet.alarm_at.line, arm.fleet.alarm_at.column,
                 "fleet.alarm_percent: " + std::to_string(arm.fleet.alarm_percent) + " % of " +
                     std::string(to_string(alarm->limit)) + " " + std::to_string(alarm->value) +
                     " is first used at " + std::to_string(alarm->fleet_size) +
                     " frontends, when " + room + "; expected " +
                     (share > 0 ? "at most " + std::to_string(share)
                                : std::string("a smaller fleet.start or fleet.step")) +
                     ", so that at least two fit"};
}

}  // namespace ceiling
