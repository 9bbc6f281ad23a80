#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/predict/cost_model.h"

namespace ceiling {

inline constexpr int kLargestFleet = 10'000;

/// The addition that admission keeps out of the fleet, which stays one below `fleet_size`.
struct RefusedAddition {
  int fleet_size = 0;  ///< that it would have made, visited or not
  LimitName
      limit{};  ///< the one that lacks the most threads; of several the one that is asked first
  std::int64_t value = 0;
  std::int64_t left = 0;           ///< threads, under that limit
  std::int64_t needed = 0;         ///< threads, for the addition
  std::optional<int> member = {};  ///< whose limit it is; of scope `frontend`
};

/// The first alarm.
struct RaisedAlarm {
  int fleet_size = 0;  ///< the visited size at which it is raised
  LimitName limit{};
  std::int64_t value = 0;
  std::int64_t used = 0;           ///< of that limit, at that size
  int servers_left = 0;            ///< that fit then, counted up to kLargestFleet
  std::optional<int> member = {};  ///< the first of those that raise it; of scope `frontend`
  bool in_cell = false;            ///< those that fit are counted in that member's cell
};

/// The size at which a fleet meets a limit.
struct Ceiling {
  int fleet_size = 0;
  LimitName limit{};
  std::int64_t value = 0;
  bool of_cache = false;  ///< it is a cache server that meets it
};

/// What `run` is going to see in one arm. Nothing but the scope, or the scope and a doubt, is set
/// where the fleet never gets there.
struct Prediction {
  std::optional<int> fleet_size;        ///< the first visited size at which a frontend must fail
  std::optional<std::int64_t> threads;  ///< tasks in the limit's scope at the first refusal
  std::optional<LimitName> limit;       ///< the one that answers; NPROC is asked before pids
  std::optional<std::int64_t> value;    ///< of that limit
  LimitScope scope = LimitScope::frontend;
  /// Of an estimate: the last visited size at which a frontend may fail first; nothing where
  /// `fleet_size` is exact. Neither `threads` nor who fails is said then.
  std::optional<int> fleet_size_most = {};
  /// Why nothing can be predicted, although a limit is set; empty where that is no matter.
  std::string doubt = {};
  /// Of scope `frontend`: the frontend that fails first, where it is one alone, and all that fail
  /// at that size, rising. A frontend that cannot start never joins, so that the others do not grow
  /// by it.
  std::optional<int> member = {};
  std::vector<int> failing = {};
  /// What guardrails make of it; the fields above say what is met without them, or, in a fleet of
  /// cells with admission, if the one that no cell has room for were let in all the same.
  std::optional<RefusedAddition> admission = {};
  std::optional<RaisedAlarm> alarm = {};
  /// The limit is met by the cache servers, alike in all: `threads` are those of one of them.
  bool of_cache = false;
  /// Of multiplex, cells and cache-fleet, which change the fields above: what is met within the
  /// planned fleet without them; and, where nothing is met with them, what binds next in a larger
  /// fleet, up to kLargestFleet.
  std::optional<Ceiling> without = {};
  std::optional<Ceiling> beyond = {};
};

/// The members of a step start one after another, each when those before it have settled. Limits
/// are at least 1, and a frontend makes at least one thread. The model is shaped() for the arm. A
/// limit of a process that is not measured, or that some frontends may meet at a size and others
/// not, leaves a doubt. `threads` is the limit, and one more where a main process entered a fleet's
/// scope that was full to the last task: joining is never refused.
Prediction predict(const ArmPlan& arm, const CostModel& model);

/// Whether the first failure was seen where it was predicted.
bool fleet_size_as_predicted(const Prediction& prediction, std::optional<int> observed);

/// The most tasks that the arm's frontends are going to be at any moment, refusals taken into
/// account: frontends that were refused keep what they have, and the members of the failing step
/// all start.
std::int64_t peak_tasks(const ArmPlan& arm, const CostModel& model);

/// A finding for every limit of every arm, overrides included, that the starting fleet does not fit
/// in, the arm named where arms differ. `models`: one an arm, in order (std::invalid_argument
/// otherwise), since arms may have their own threads_per_peer. A finding stands at the limit's
/// value in the file.
std::vector<Finding> starting_fleet_findings(const Experiment& experiment,
                                             const std::vector<CostModel>& models);
/// The same where one model holds for all arms.
std::vector<Finding> starting_fleet_findings(const Experiment& experiment, const CostModel& model);

}  // namespace ceiling
