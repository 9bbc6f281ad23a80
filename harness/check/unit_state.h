#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/facts.h"

namespace ceiling {

/// What systemd says of one unit, org.freedesktop.systemd1(5). Sizes are bytes; nothing: unlimited.
struct UnitState {
  using Amount = std::optional<std::int64_t>;

  std::string name{};
  std::string load_state{};     ///< "loaded", "not-found", "masked", "bad-setting", "error" ...
  std::string active_state{};   ///< "active", "inactive", "failed", "activating" ...
  std::string control_group{};  ///< as in /proc/PID/cgroup; empty while it has none
  std::string slice{};          ///< the slice that it is in; empty: none
  std::string fragment{};       ///< FragmentPath
  std::vector<std::string> drop_ins{};  ///< DropInPaths
  bool has_group = false;               ///< a unit of a type that has a control group
  Amount tasks_max{};
  Amount memory_max{};

  bool has_process_limits = false;  ///< a type that starts processes: the fields below count
  std::int64_t main_pid = 0;        ///< 0: none
  std::string user{};               ///< name or number; empty: root
  Amount nproc{}, as{}, data{}, memlock{}, nofile{}, stack{};  ///< soft limits

  /// The slices that it is in, the nearest first, `-.slice` last. Filled in for a unit that is not
  /// active.
  std::vector<UnitState> slices{};
};

/// The group of the nearest slice that is there: that of `-.slice` at least.
std::string existing_group(const UnitState& unit);

/// What a process of a unit that is not active is going to find when it starts: `place` is that of
/// existing_group(); the groups of the slices and of the unit that are still to be made are put
/// before it, nothing in use, with the limits that systemd is going to give them. No process is
/// meant then. `pids_folder` is that of existing_group().
void place_at_start(const UnitState& unit, const std::string& pids_folder, PlaceFacts& place);

}  // namespace ceiling
