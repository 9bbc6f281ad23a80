#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/predict/host_use.h"

namespace ceiling {

/// Tasks of one frontend = base + per_peer × peers.
struct CostModel {
  int base = 0;
  int per_peer = 0;
  std::string source;              ///< "measured" or "documented"
  std::vector<int> measured_at;    ///< fleet sizes, rising; empty where documented
  std::vector<HostUse> host = {};  ///< what the host has in use of its own limits

  std::int64_t frontend_tasks(int fleet_size) const;  ///< base + per_peer × (fleet_size − 1)
  std::int64_t fleet_tasks(int fleet_size) const;     ///< of all frontends together; 0 for no fleet
};

/// Tasks of every frontend of a fleet of `fleet_size`, as the kernel counted them without a limit.
struct CalibrationPoint {
  int fleet_size = 0;
  std::vector<std::int64_t> tasks;
};

/// The line through the points. Nothing where the model does not hold and no prediction may be made
/// from it: fewer than two sizes, points that do not lie on one line of whole tasks, frontends of
/// one fleet that differ or are missing, a base without a main thread, fewer tasks with more peers.
std::optional<CostModel> fit(const std::vector<CalibrationPoint>& points);

}  // namespace ceiling
