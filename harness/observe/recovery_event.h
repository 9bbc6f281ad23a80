#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ceiling {

/// Events of an arm's recovery (event.h).

/// The recovery of an arm begins: what follows, up to its end, is no part of the growth.
struct RecoveryEvent {
  static constexpr std::string_view kName = "recovery";
  std::string strategy;
  int rate = 0;        ///< frontends at a time; 0: all of them
  int fleet_size = 0;  ///< before anything is removed
};
/// A frontend is ended, where it has not ended by itself, and started anew.
struct RestartEvent {
  static constexpr std::string_view kName = "restart";
  static constexpr std::string_view kPlanned = "planned";
  static constexpr std::string_view kRemoved = "removed";
  static constexpr std::string_view kExited = "exited";
  std::string frontend;
  std::string why;  ///< "planned"; "removed" by the health check; "exited" by itself
};
/// Membership removed a frontend that did not answer its health check in time.
struct RemovalEvent {
  static constexpr std::string_view kName = "removal";
  std::string frontend;
  std::int64_t silent_ms = 0;
};
/// The recovery is over. Completed: every frontend has been restarted and has a complete map, and
/// the sweep before this found every shard through each of them.
struct RecoveryEndEvent {
  static constexpr std::string_view kName = "recovery-end";
  bool completed = false;
  int restarts = 0;  ///< `restart` events of it
  int removals = 0;  ///< `removal` events of it
};

}  // namespace ceiling
