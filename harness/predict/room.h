#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/predict/cost_model.h"

namespace ceiling {

/// What one limit counts of a frontend, or of a fleet, and leaves it: what a frontend that reads
/// its own headroom is going to read. Of limits_read_exactly() only.
struct Room {
  LimitName limit{};
  std::int64_t value = 0;
  std::int64_t used = 0;
  std::int64_t left = 0;  ///< threads, at least 0
};

/// Of one member that has `peers` peers, under its own limits, in the order in which a new thread
/// meets them. 0: a member without overrides. A limit whose resource is not measured is left out.
std::vector<Room> own_rooms(const LimitPlan& limits, const CostModel& model, int member, int peers);

/// Of a scope that all share and that holds so many tasks.
std::vector<Room> shared_rooms(const LimitPlan& limits, std::int64_t tasks);

/// The one that a new thread meets first; nullptr where there is none.
const Room* binding(const std::vector<Room>& rooms);

}  // namespace ceiling
