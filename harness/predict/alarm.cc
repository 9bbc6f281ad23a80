#include "harness/predict/alarm.h"

#include <algorithm>

#include "harness/predict/own_scopes.h"
#include "harness/predict/room.h"

namespace ceiling {
namespace {

/// What has used the share, `servers_left` apart; nothing where that is not so.
std::optional<RaisedAlarm> reached(const ArmPlan& arm, const std::vector<Room>& rooms, int size,
                                   std::optional<int> member) {
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
}

/// Whether the next one starts and has room, as have all whom it comes to.
bool next_fits(const OwnScopes& scopes) {
  return scopes.cells()[scopes.next_cell()].takes(scopes.size() + 1);
}

/// How many more come to that cell until one does not fit.
int left_in(std::size_t cell, OwnScopes scopes) {
  int left = 0;
  while (scopes.size() < kLargestFleet && next_fits(scopes)) {
    if (scopes.next_cell() == cell) ++left;
    scopes.add_member();
  }
  return left;
}

/// Of the first member that raises it, and of its cell.
std::optional<RaisedAlarm> alarm_of_own(const ArmPlan& arm, const CostModel& model,
                                        const OwnScopes& scopes) {
  std::optional<RaisedAlarm> first;
  std::size_t its_cell = 0;
  for (std::size_t cell = 0; cell < scopes.cells().size(); ++cell) {
    const Cell& there = scopes.cells()[cell];
    for (const int member : there.kinds()) {
      if (first && *first->member < member) continue;
      const auto rooms = own_rooms(arm.limits, model, member, there.joined() - 1);
      const auto alarm = reached(arm, rooms, scopes.size(), member);
      if (!alarm) continue;
      first = alarm;
      its_cell = cell;
    }
  }
  if (!first) return first;
  first->servers_left = left_in(its_cell, scopes);
  first->in_cell = scopes.cells().size() > 1;
  return first;
}

std::optional<RaisedAlarm> first_of_own(const ArmPlan& arm, const CostModel& model) {
  OwnScopes scopes(arm, model);
  bool kept_out = false;
  for (const int size : arm.fleet.sizes()) {
    while (scopes.size() < size && !kept_out) {
      kept_out =
          scopes.size() >= arm.fleet.start && arm.has(Guardrail::admission) && !next_fits(scopes);
      if (!kept_out) scopes.add_member();
    }
    auto alarm = alarm_of_own(arm, model, scopes);
    if (alarm || kept_out) return alarm;
  }
  return std::nullopt;
}

std::optional<RaisedAlarm> first_of_fleet(const ArmPlan& arm, const CostModel& model) {
  const auto fits = [&](int size) {
    const auto rooms = shared_rooms(arm.limits, model.fleet_tasks(size));
    return std::all_of(rooms.begin(), rooms.end(),
                       [](const Room& room) { return room.used <= room.value; });
  };
  for (const int size : arm.fleet.sizes()) {
    const auto rooms = shared_rooms(arm.limits, model.fleet_tasks(size));
    auto alarm = reached(arm, rooms, size, std::nullopt);
    if (!alarm) continue;
    while (size + alarm->servers_left < kLargestFleet && fits(size + alarm->servers_left + 1)) {
      ++alarm->servers_left;
    }
    return alarm;
  }
  return std::nullopt;
}

std::optional<RaisedAlarm> first_alarm(const ArmPlan& arm, const CostModel& model) {
  return arm.limits.scope == LimitScope::fleet ? first_of_fleet(arm, model)
                                               : first_of_own(arm, model);
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
  const std::string room =
      std::string(alarm->servers_left < 1 ? "no more servers fit" : "1 more server fits") +
      (alarm->in_cell ? " in that cell" : "");
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
