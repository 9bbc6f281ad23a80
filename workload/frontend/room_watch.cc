#include "workload/frontend/room_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <string_view>

#include "cgroups/headroom.h"
#include "cgroups/hierarchy.h"
#include "workload/frontend/address_space.h"

namespace ceiling::frontend {
namespace {

bool says_a_number(const Limit& limit) {
  return limit.applies && limit.value && limit.threads_left &&
         limit.certainty != Certainty::estimate && limit.certainty != Certainty::unknown;
}

constexpr std::string_view kOfDescriptors = "RLIMIT_NOFILE";

/// The folder of its own descriptors is open while they are counted, and those lent are not.
void correct(wire::Room& room, int lent) {
  const std::uint64_t used = room.used() - 1 + static_cast<std::uint64_t>(lent);
  room.set_used(used);
  room.set_left(room.value() > used ? (room.value() - used) / kDescriptorsPerPeer : 0);
}

}  // namespace

std::function<std::vector<wire::Room>(int lent)> own_rooms() {
  // Where they are mounted does not change; read on first use, by who has the guardrail.
  const auto hierarchy = std::make_shared<std::optional<Hierarchy>>();
  return [hierarchy](int lent) {
    if (!*hierarchy) *hierarchy = Hierarchy::detect();
    const Headroom found =
        headroom(**hierarchy, Target{}, Question{.stack = kStackBytes, .threads_per_peer = 1});
    std::vector<wire::Room> rooms;
    for (const Limit& limit : found.limits) {
      if (!says_a_number(limit)) continue;
      wire::Room& room = rooms.emplace_back();
      room.set_limit(limit.name);
      room.set_scope(limit.scope);
      room.set_value(static_cast<std::uint64_t>(*limit.value));
      room.set_used(static_cast<std::uint64_t>(limit.used));
      room.set_left(static_cast<std::uint64_t>(*limit.threads_left));
      if (limit.name == kOfDescriptors) correct(room, lent);
    }
    std::stable_sort(
        rooms.begin(), rooms.end(),
        [](const wire::Room& one, const wire::Room& other) { return one.left() < other.left(); });
    return rooms;
  };
}

void RoomWatch::read(std::uint64_t version, int lent, std::optional<std::uint64_t> to_come) {
  headroom_.Clear();
  headroom_.set_version(version);
  try {
    for (wire::Room& room : read_(lent)) {
      const bool met = !to_come || room.left() < *to_come || room.limit() == kOfDescriptors;
      if (met) *headroom_.add_rooms() = std::move(room);
    }
  } catch (const std::exception& error) {
    return log_(fmt::format("cannot read the room under its limits: {}", error.what()));
  }
  if (alarm_percent_ == 0 || alarm_ || headroom_.rooms().empty()) return;
  const wire::Room& binding = headroom_.rooms(0);
  const auto percent = static_cast<std::uint64_t>(alarm_percent_);
  if (binding.used() * 100 < binding.value() * percent) return;
  alarm_.emplace();
  *alarm_->mutable_room() = binding;
  alarm_->set_version(version);
  log_(fmt::format("alarm: {} of {} are used under {} ({}), {} threads are left", binding.used(),
                   binding.value(), binding.limit(), binding.scope(), binding.left()));
}

}  // namespace ceiling::frontend
