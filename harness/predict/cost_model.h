#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/predict/host_use.h"

namespace ceiling {

/// What one frontend has of a resource = base + per_peer × peers. The base lies between two values:
/// frontends may differ in it, what a peer costs is one number.
struct ResourceCost {
  std::int64_t least_base = 0;
  std::int64_t most_base = 0;
  std::int64_t per_peer = 0;
  int most_peers = kAnyNumber;  ///< any more of them take nothing of it

  static constexpr int kAnyNumber = std::numeric_limits<int>::max();

  std::int64_t least(int fleet_size) const { return least_base + of_peers(fleet_size); }
  std::int64_t most(int fleet_size) const { return most_base + of_peers(fleet_size); }

 private:
  std::int64_t of_peers(int fleet_size) const {
    return per_peer * std::min(fleet_size - 1, most_peers);
  }
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
/// What one cache server has: so many tasks, whatever the fleet, and descriptors = base +
/// per_frontend × members. All of a fleet have the same.
struct CacheCost {
  std::int64_t tasks = 0;
  std::int64_t base = 0;
  std::int64_t per_frontend = 0;

  std::int64_t descriptors(int fleet_size) const { return base + per_frontend * fleet_size; }
};
/// Tasks of one frontend = base + per_peer × peers, as far as peers have threads.
struct CostModel {
  int base = 0;
  int per_peer = 0;
  std::string source;              ///< "measured" or "documented"
  std::vector<int> measured_at;    ///< fleet sizes, rising; empty where documented
  std::vector<HostUse> host = {};  ///< what the host has in use of its own limits
  /// What was measured and lies on a line; of the rest no prediction can be made.
  std::map<Resource, ResourceCost> resources = {};
  std::optional<MemoryCost> memory = {};
  int threaded_peers = ResourceCost::kAnyNumber;  ///< any more of them have no thread
  int cells = 1;          ///< that members come to in turn; they have peers in their own only
  int cache_servers = 0;  ///< each has a connection of every frontend, which then has no peer
  std::optional<CacheCost> cache = {};

  /// Of the largest cell.
  int cell_size(int fleet_size) const { return (fleet_size + cells - 1) / cells; }
  /// Of a frontend of the largest cell.
  std::int64_t frontend_tasks(int fleet_size) const;
  /// Of a frontend of a cell of so many members.
  std::int64_t tasks_in_cell(int members) const;
  /// Of one member of a fleet that came one after the other, none of them refused.
  std::int64_t member_tasks(int member, int fleet_size) const;
  std::int64_t fleet_tasks(int fleet_size) const;  ///< of all frontends together; 0 for no fleet
};

/// The model of the fleets of an arm that multiplexes its peers, is parted into cells, or has cache
/// servers; of any other arm, as it is.
CostModel shaped(CostModel model, const ArmPlan& arm);
/// As it was before.
CostModel plain(CostModel model);

/// Tasks of every frontend of a fleet of `fleet_size`, as the kernel counted them without a limit.
struct CalibrationPoint {
  int fleet_size = 0;
  std::vector<std::int64_t> tasks;
  std::map<std::string, std::vector<std::int64_t>> resources = {};  ///< by to_string(Resource)
  std::map<std::string, std::vector<std::int64_t>> caches = {};     ///< as in CalibrationEvent
};

/// The line through the points. Nothing where the model does not hold and no prediction may be made
/// from it: fewer than two sizes, points that do not lie on one line of whole tasks, frontends of
/// one fleet that differ or are missing, a base without a main thread, fewer tasks with more peers.
/// A resource has a cost where a peer costs every frontend the same of it; memory, where it was
/// measured at sizes that are far enough apart.
std::optional<CostModel> fit(const std::vector<CalibrationPoint>& points);

}  // namespace ceiling
