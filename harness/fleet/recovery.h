#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "harness/experiment/recovery.h"
#include "harness/fleet/canaries.h"
#include "harness/fleet/fleet.h"
#include "harness/fleet/site.h"

namespace ceiling {

/// Restarts every frontend of a fleet, in the order and at the rate of the plan. Who ends
/// meanwhile, removed by the health check or by itself, is started anew at once. Canaries go on
/// asking every frontend where it was last seen: what one that is being restarted does not answer
/// has failed.
class Recovery {
 public:
  Recovery(Site& site, Fleet& fleet, Canaries& canaries, const RecoveryPlan& plan);

  /// True when every frontend has been restarted and has a complete map, and a sweep after that
  /// found every shard through each; false when the plan's time limit came first. Restarts are
  /// recorded. Throws Error, SpawnError.
  bool run();
  int restarts() const { return restarts_; }

 private:
  using Clock = std::chrono::steady_clock;

  void start_next();
  bool due() const;
  void restart_ended();
  void restart(const std::vector<std::string>& names, std::string_view why);
  /// Whether frontends came into service at other addresses than the canaries know.
  bool moved() const;
  void tell_canaries();
  bool all_complete() const {
    return waiting_.empty() && fleet_.settled() && fleet_.failed().empty();
  }

  Site& site_;
  Fleet& fleet_;
  Canaries& canaries_;
  RecoveryPlan plan_;
  std::deque<std::string> waiting_;  // to be restarted
  std::vector<std::string> latest_;  // those restarted last by the plan
  Clock::time_point next_at_;        // batches
  std::vector<wire::Member> known_;  // where each was last in service
  int restarts_ = 0;
};

}  // namespace ceiling
