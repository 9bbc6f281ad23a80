#include "harness/predict/room.h"

#include <algorithm>
#include <array>

namespace ceiling {
namespace {

/// As headroom() of cgroups/ has them, and the kernel asks.
constexpr std::array kInOrder = {LimitName::rlimit_as, LimitName::rlimit_nproc,
                                 LimitName::pids_max};

/// What a limit counts: a base, and what each thread adds.
struct Line {
  std::int64_t base = 0;
  std::int64_t per_thread = 1;
};

std::optional<Line> line_of(LimitName name, const CostModel& model) {
  const auto resource = counted_by(name);
  if (!resource) return Line{.base = model.base};
  const auto cost = model.resources.find(*resource);
  if (cost == model.resources.end() || model.per_peer == 0) return std::nullopt;
  return Line{cost->second.most_base, cost->second.per_peer / model.per_peer};
}

Room room_of(LimitName name, std::int64_t value, std::int64_t used, std::int64_t per_thread) {
  return {name, value, used, std::max<std::int64_t>(0, value - used) / per_thread};
}

}  // namespace

std::vector<Room> own_rooms(const LimitPlan& limits, const CostModel& model, int member,
                            int peers) {
  std::vector<Room> rooms;
  for (const LimitName name : kInOrder) {
    const auto value = limits.value(name, member);
    const auto line = line_of(name, model);
    if (!value || !line || line->per_thread <= 0) continue;
    const std::int64_t used =
        line->base + line->per_thread * static_cast<std::int64_t>(model.per_peer) * peers;
    rooms.push_back(room_of(name, *value, used, line->per_thread));
  }
  return rooms;
}

std::vector<Room> shared_rooms(const LimitPlan& limits, std::int64_t tasks) {
  std::vector<Room> rooms;
  for (const LimitName name : {LimitName::rlimit_nproc, LimitName::pids_max}) {
    if (const auto value = limits.value(name)) rooms.push_back(room_of(name, *value, tasks, 1));
  }
  return rooms;
}

const Room* binding(const std::vector<Room>& rooms) {
  const auto found = std::min_element(rooms.begin(), rooms.end(),
                                      [](const Room& a, const Room& b) { return a.left < b.left; });
  return found == rooms.end() ? nullptr : &*found;
}

std::vector<int> kinds_of_members(const LimitPlan& limits, int size) {
  int plain = 1;
  while (limits.overrides.contains(plain)) ++plain;
  std::vector<int> members;
  for (const auto& [member, drift] : limits.overrides) {
    if (member <= size) members.push_back(member);
  }
  if (plain <= size) members.insert(std::upper_bound(members.begin(), members.end(), plain), plain);
  return members;
}

std::optional<int> first_failing_size(const ArmPlan& arm, const CostModel& model) {
  if (model.per_peer == 0) return std::nullopt;
  if (arm.limits.scope == LimitScope::fleet) {
    if (shared_rooms(arm.limits, 0).empty()) return std::nullopt;
    const std::int64_t most = binding(shared_rooms(arm.limits, 0))->value;
    int size = 1;
    while (model.fleet_tasks(size) <= most) ++size;
    return size;
  }
  std::optional<int> first;
  const int known = arm.limits.overrides.empty() ? 1 : arm.limits.overrides.rbegin()->first + 1;
  for (const int member : kinds_of_members(arm.limits, known)) {
    const std::vector<Room> alone = own_rooms(arm.limits, model, member, 0);
    const Room* room = binding(alone);
    if (room == nullptr) continue;
    const bool starts = std::all_of(alone.begin(), alone.end(),
                                    [](const Room& one) { return one.used <= one.value; });
    const auto peers = static_cast<int>(room->left / model.per_peer);
    const int fails = starts ? std::max(member, peers + 2) : member;
    first = std::min(first.value_or(fails), fails);
  }
  return first;
}

}  // namespace ceiling
