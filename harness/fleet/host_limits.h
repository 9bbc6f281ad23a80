#pragma once

#include <vector>

#include "cgroups/hierarchy.h"
#include "harness/experiment/experiment.h"
#include "harness/keeper/host_settings.h"
#include "harness/observe/history.h"

namespace ceiling {

/// What the experiment's arms set on the whole host, by setting, for the registry: `previous` is
/// still to be read. Empty where no arm has a limit of the whole host.
std::vector<HostSetting> host_settings_of(const Experiment& experiment);

/// Where kernel.pid_max is among `settings`: takes the kernel's cursor past 300, where it is on
/// every host that has run for a while. The kernel gives the numbers below once, and a freshly
/// booted host has some of them left; see alloc_pid() in kernel/pid.c. Throws Error.
void pass_reserved_pids(const std::vector<HostSetting>& settings);

/// The smallest vm.max_map_count of which no process of the host, this one among them, has more
/// than 80 % in use. Throws HostError where one does not show its maps.
std::int64_t least_map_count();

/// vm.max_map_count counts each process by itself, and binds those of others as well. Throws
/// HostError where a process of the host has more maps than 80 % of what `limits` sets, or does not
/// show them.
void check_room_for_maps(const LimitPlan& limits);

/// vm.overcommit_memory 2 counts what all processes have. Throws HostError where more than 80 % of
/// CommitLimit is committed already.
void check_room_to_commit(const LimitPlan& limits);

/// The limits of the whole host of one arm, in force until restore() or the end of the scope. To be
/// set last before the fleet grows, because they bind everybody; taking them back needs no task.
/// The keeper does so where this process cannot any more.
class HostLimits {
 public:
  /// `settings`: of the run's registry entry, with the values from before. Throws Error, also as
  /// check_room_for_maps() and check_room_to_commit() do; then what was set is as before.
  HostLimits(const LimitPlan& limits, const std::vector<HostSetting>& settings);
  HostLimits(const HostLimits&) = delete;
  HostLimits& operator=(const HostLimits&) = delete;
  /// As restore(), errors ignored.
  ~HostLimits();

  /// A value of somebody else is left alone; the keeper's end tells it. Throws Error.
  void restore();

 private:
  std::vector<HostSetting> changed_;
};

/// A sample, of scope "host", for each limit of the whole host that `limits` has, and for
/// kernel.threads-max in any case: what of it is in use now against the value that `limits` sets,
/// in force or not, or against the host's own where it sets none. Of kernel.pid_max, `tasks` is
/// pid_numbers_taken(). Of vm.overcommit_memory, `used` is committed, and `value` what may be for
/// processes without CAP_SYS_ADMIN.
std::vector<SampleEvent> sample_host(const Hierarchy& hierarchy, const LimitPlan& limits);

}  // namespace ceiling
