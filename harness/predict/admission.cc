#include "harness/predict/admission.h"

#include <algorithm>
#include <string>

#include "harness/predict/own_scopes.h"
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

/// What the addition that makes `size` meets in the cell that it comes to.
std::optional<RefusedAddition> refusal_of_own(const ArmPlan& arm, const CostModel& model, int size,
                                              const Cell& cell) {
  std::optional<RefusedAddition> worst;
  const auto per_peer = static_cast<std::int64_t>(model.per_peer);
  for (const int member : cell.kinds()) {
    note(worst, own_rooms(arm.limits, model, member, cell.joined() - 1), per_peer, size, member);
  }
  note(worst, own_rooms(arm.limits, model, size, 0), per_peer * cell.joined(), size, size);
  return worst;
}

void add_of_own(Prediction& prediction, const ArmPlan& arm, const CostModel& model) {
  const std::vector<int> sizes = arm.fleet.sizes();
  OwnScopes scopes(arm, model);
  while (scopes.size() < arm.fleet.start) scopes.add_member();
  bool out = false;  // somebody was refused its start by the kernel, in the step under way
  while (scopes.size() < arm.fleet.end) {
    const int size = scopes.size() + 1;
    const bool starts = fits(own_rooms(arm.limits, model, size, 0));
    const Cell& cell = scopes.cells()[scopes.next_cell()];
    const auto refused = starts ? refusal_of_own(arm, model, size, cell) : std::nullopt;
    if (refused && out) {
      prediction.doubt = "admission: frontend-" + std::to_string(size) +
                         " would be kept out in the step in which others cannot start";
      return;
    }
    if (refused) {
      prediction.admission = refused;
      return;
    }
    out = out || !starts;
    if (out && std::binary_search(sizes.begin(), sizes.end(), size)) return;
    scopes.add_member();
  }
}

void add_of_fleet(Prediction& prediction, const ArmPlan& arm, const CostModel& model) {
  for (int size = arm.fleet.start + 1; size <= arm.fleet.end; ++size) {
    // The newcomer has started when it asks.
    const auto rooms = shared_rooms(arm.limits, model.fleet_tasks(size - 1) + model.base);
    if (!fits(rooms)) return;
    const int peers = (size - 1) / model.cells;  // of the smallest cell
    const std::int64_t needed = 2 * static_cast<std::int64_t>(model.per_peer) * peers;
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
