#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/experiment.h"

namespace ceiling {

/// Tasks of one frontend = base + per_peer × peers.
struct CostModel {
  int base = 0;
  int per_peer = 0;
  std::string source;            ///< "measured" or "documented"
  std::vector<int> measured_at;  ///< fleet sizes; empty where documented

  std::int64_t frontend_tasks(int fleet_size) const;
  std::int64_t fleet_tasks(int fleet_size) const;
};

/// Tasks of every frontend of a fleet of `fleet_size`, as the kernel counted them without a limit.
struct CalibrationPoint {
  int fleet_size = 0;
  std::vector<std::int64_t> tasks;
};

/// The line through the points. Nothing where the points do not lie on one line, or where frontends
/// of one fleet differ: the model does not hold and no prediction may be made from it.
std::optional<CostModel> fit(const std::vector<CalibrationPoint>& points);

/// What `run` is going to see in one arm. Nothing is set where the fleet never gets there.
struct Prediction {
  std::optional<int> fleet_size;       ///< the first visited size at which a frontend must fail
  std::optional<std::int64_t> threads; ///< tasks in the limit's scope at the first refusal
  std::optional<LimitName> limit;      ///< the one that answers; NPROC is asked before pids
  std::optional<std::int64_t> value;   ///< of that limit
  LimitScope scope = LimitScope::frontend;
};
Prediction predict(const ArmPlan& arm, const CostModel& model);

/// The most tasks that the arm's frontends are going to be at any moment, refusals taken into account.
std::int64_t peak_tasks(const ArmPlan& arm, const CostModel& model);

/// A finding for every limit of every arm that the starting fleet does not fit in.
std::vector<Finding> starting_fleet_findings(const Experiment& experiment, const CostModel& model);

}  // namespace ceiling
