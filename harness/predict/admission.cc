#include "harness/predict/admission.h"

#include <algorithm>
#include <set>
#include <string>

#include "harness/predict/room.h"

namespace ceiling {
namespace {

bool fits(const std::vector<Room>& rooms) {
  return std::all_of(rooms.begin(), rooms.end(),
                     [](const Room& room) { return room.used <= room.value; });
}

/// Takes the room that lacks the most threads; of several the first.
void note(std::optional<RefusedAddition>& worst, const std::vector<Room>& rooms,
          std::int64_t needed, int size, std::optional<int> member) {
  for (const Room& room : rooms) {
    const std::int64_t lacking = needed - room.left;
    if (lacking <= 0 || (worst && lacking <= worst->needed - worst->left)) continue;
    worst = RefusedAddition{.fleet_size = size,
                            .limit = room.limit,
                            .value = room.value,
                            .left = room.left,
                            .needed = needed,
                            .member = member};
  }
}

/// What the addition that makes `size` meets, where those in `out` have not joined.
std::optional<RefusedAddition> refusal_of_own(const ArmPlan& arm, const CostModel& model, int size,
                                              const std::set<int>& out) {
  const int joined = size - 1 - static_cast<int>(out.size());
  std::optional<RefusedAddition> worst;
  for (const int member : kinds_of_members(arm.limits, size)) {
    if (out.contains(member)) continue;
    const bool newcomer = member == size;
    const std::int64_t needed = static_cast<std::int64_t>(model.per_peer) * (newcomer ? joined : 1);
    note(worst, own_rooms(arm.limits, model, member, newcomer ? 0 : joined - 1), needed, size,
         member);
  }
  return worst;
}

void add_of_own(Prediction& prediction, const ArmPlan& arm, const CostModel& model) {
  const std::vector<int> sizes = arm.fleet.sizes();
  std::set<int> out;  // refused their start by the kernel, in the step under way
  for (int size = arm.fleet.start + 1; size <= arm.fleet.end; ++size) {
    const bool starts = fits(own_rooms(arm.limits, model, size, 0));
    const auto refused = starts ? refusal_of_own(arm, model, size, out) : std::nullopt;
    if (refused && !out.empty()) {
      prediction.doubt = "admission: frontend-" + std::to_string(size) +
                         " would be kept out in the step in which others cannot start";
      return;
    }
    if (refused) {
      prediction.admission = refused;
      return;
    }
    if (!starts) out.insert(size);
    if (!out.empty() && std::binary_search(sizes.begin(), sizes.end(), size)) return;
  }
}

void add_of_fleet(Prediction& prediction, const ArmPlan& arm, const CostModel& model) {
  for (int size = arm.fleet.start + 1; size <= arm.fleet.end; ++size) {
    // The newcomer has started when it asks.
    const auto rooms = shared_rooms(arm.limits, model.fleet_tasks(size - 1) + model.base);
    if (!fits(rooms)) return;
    const std::int64_t needed = 2 * static_cast<std::int64_t>(model.per_peer) * (size - 1);
    note(prediction.admission, rooms, needed, size, std::nullopt);
    if (prediction.admission) return;
  }
}

}  // namespace

void add_admission(Prediction& prediction, const ArmPlan& arm, const CostModel& model) {
  if (!arm.has(Guardrail::admission) || !prediction.doubt.empty()) return;
  arm.limits.scope == LimitScope::frontend ? add_of_own(prediction, arm, model)
                                           : add_of_fleet(prediction, arm, model);
}

}  // namespace ceiling
