#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/experiment/limits.h"

namespace ceiling {

/// How the frontends that are left are ended and started anew.
/// `batches`: some at a time, the next ones after a fixed time. `paced`: the next ones when those
/// before have a complete map.
enum class RestartStrategy { all_at_once, batches, paced };
std::string_view to_string(RestartStrategy strategy);

/// What is done after an arm's failing size: capacity is removed, every frontend is restarted.
struct RecoveryPlan {
  RestartStrategy strategy = RestartStrategy::all_at_once;
  int rate = 0;                  ///< frontends at a time; all_at_once: 0
  int every_ms = 1000;           ///< batches: from the start of some to that of the next
  std::optional<int> remove;     ///< frontends; nothing: down to the size before the failing one
  int limit_s = 60;              ///< a recovery that takes longer has failed
  int health_timeout_ms = 1000;  ///< of membership's health check, all through the arm
  std::optional<bool> expect_safe = {};  ///< it comes to its end, and no restart is wasted
  /// Kinds of dependents that are expected to do their job again after it, having been away.
  std::vector<std::string> expect_back = {};
  Place at = {};
};

}  // namespace ceiling
