#include "harness/predict/room.h"

#include <algorithm>
#include <array>

namespace ceiling {
namespace {

/// As headroom() of cgroups/ has them, and the kernel asks.
constexpr std::array kInOrder = {LimitName::rlimit_nofile, LimitName::rlimit_as,
                                 LimitName::rlimit_nproc, LimitName::pids_max};

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
    const bool threads = name != LimitName::rlimit_nofile;
    const int counted = threads ? std::min(peers, model.threaded_peers) : peers;
    const auto per_peer = static_cast<std::int64_t>(model.per_peer);
    const Room room =
        room_of(name, *value, line->base + line->per_thread * per_peer * counted, line->per_thread);
    // That leaves all the threads that are to come is no limit.
    const std::int64_t to_come = per_peer * (model.threaded_peers - counted);
    if (threads && room.used <= room.value && room.left >= to_come) continue;
    rooms.push_back(room);
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

}  // namespace ceiling
