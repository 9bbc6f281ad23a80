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
  std::vector<int> measured_at;  ///< fleet sizes, rising; empty where documented

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

/// What `run` is going to see in one arm. Nothing but the scope is set where the fleet never gets
/// there.
struct Prediction {
  std::optional<int> fleet_size;        ///< the first visited size at which a frontend must fail
  std::optional<std::int64_t> threads;  ///< tasks in the limit's scope at the first refusal
  std::optional<LimitName> limit;       ///< the one that answers; NPROC is asked before pids
  std::optional<std::int64_t> value;    ///< of that limit
  LimitScope scope = LimitScope::frontend;
};

/// The members of a step start one after another, each when those before it have settled. Limits
/// are at least 1, and a frontend makes at least one thread. `threads` is the limit, and one more
/// where a main process entered a fleet's scope that was full to the last task: joining is never
/// refused.
Prediction predict(const ArmPlan& arm, const CostModel& model);

/// The most tasks that the arm's frontends are going to be at any moment, refusals taken into
/// account: frontends that were refused keep what they have, and the members of the failing step
/// all start.
std::int64_t peak_tasks(const ArmPlan& arm, const CostModel& model);

/// A finding for every limit of every arm that the starting fleet does not fit in, the arm named
/// where arms differ. `models`: one an arm, in order (std::invalid_argument otherwise), since arms
/// may have their own threads_per_peer. A finding stands at the limit's value in the file.
std::vector<Finding> starting_fleet_findings(const Experiment& experiment,
                                             const std::vector<CostModel>& models);
/// The same where one model holds for all arms.
std::vector<Finding> starting_fleet_findings(const Experiment& experiment, const CostModel& model);

}  // namespace ceiling
