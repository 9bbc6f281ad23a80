#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/limits.h"
#include "harness/predict/host_use.h"

namespace ceiling {

/// What one frontend has of a resource = base + per_peer × peers. The base lies between two values:
/// frontends may differ in it, what a peer costs is one number.
struct ResourceCost {
  std::int64_t least_base = 0;
  std::int64_t most_base = 0;
  std::int64_t per_peer = 0;

  std::int64_t least(int fleet_size) const { return least_base + per_peer * (fleet_size - 1); }
  std::int64_t most(int fleet_size) const { return most_base + per_peer * (fleet_size - 1); }
};

/// Memory that one frontend keeps, in bytes, estimated from a fleet of `fleet_size`. The kernel's
/// share of a peer lies on a line; the rest comes in leaps, large ones at first, so a peer costs
/// between that share with half of the measured rest and all that was measured.
struct MemoryCost {
  int fleet_size = 0;
  std::int64_t least_kept = 0;  ///< of all frontends there
  std::int64_t most_kept = 0;
  std::int64_t least_per_peer = 0;
  std::int64_t most_per_peer = 0;
  std::int64_t ahead = 0;  ///< charged in advance, at most

  /// Less than this no frontend of a fleet of `size` keeps, one peer's worth apart.
  std::int64_t least(int size) const;
  /// More than this is charged to none; an eighth is left for its clients, without which it was
  /// measured.
  std::int64_t most(int size) const;
};
/// Tasks of one frontend = base + per_peer × peers.
struct CostModel {
  int base = 0;
  int per_peer = 0;
  std::string source;              ///< "measured" or "documented"
  std::vector<int> measured_at;    ///< fleet sizes, rising; empty where documented
  std::vector<HostUse> host = {};  ///< what the host has in use of its own limits
  /// What was measured and lies on a line; of the rest no prediction can be made.
  std::map<Resource, ResourceCost> resources = {};
  std::optional<MemoryCost> memory = {};

  std::int64_t frontend_tasks(int fleet_size) const;  ///< base + per_peer × (fleet_size − 1)
  std::int64_t fleet_tasks(int fleet_size) const;     ///< of all frontends together; 0 for no fleet
};

/// Tasks of every frontend of a fleet of `fleet_size`, as the kernel counted them without a limit.
struct CalibrationPoint {
  int fleet_size = 0;
  std::vector<std::int64_t> tasks;
  std::map<std::string, std::vector<std::int64_t>> resources = {};  ///< by to_string(Resource)
};

/// The line through the points. Nothing where the model does not hold and no prediction may be made
/// from it: fewer than two sizes, points that do not lie on one line of whole tasks, frontends of
/// one fleet that differ or are missing, a base without a main thread, fewer tasks with more peers.
/// A resource has a cost where a peer costs every frontend the same of it; memory, where it was
/// measured at sizes that are far enough apart.
std::optional<CostModel> fit(const std::vector<CalibrationPoint>& points);

}  // namespace ceiling
