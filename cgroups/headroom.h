#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/hierarchy.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// A place that a process can be in: that of process `pid` (0: the caller), unless a uid or a group
/// (as in /proc/PID/cgroup) is named that it is to have instead.
struct Target {
  pid_t pid = 0;
  std::optional<uid_t> uid;
  std::optional<std::string> pids_group;
};

/// Every limit that can refuse a thread to a target. Those that can bind come first, least room
/// first, and among equals in the order in which the kernel asks them; unlimited and exempt ones
/// follow.
struct Headroom {
  std::vector<Limit> limits;

  /// The limit that a new thread meets first; nullptr where nothing limits.
  const Limit* binding() const;
  /// Threads that can still be made there; nothing: unlimited.
  std::optional<std::int64_t> threads_left() const;
};

/// Reads pids.max of every group on the path, RLIMIT_NPROC, kernel.threads-max and kernel.pid_max
/// from the tree that `hierarchy` was detected in. Throws Error when the target is gone.
Headroom headroom(const Hierarchy& hierarchy, const Target& target = {});

/// What everything that we start shares with others, whatever its uid and own group:
/// kernel.threads-max, kernel.pid_max, and pids.max of the caller's group and its ancestors. For
/// the check before a run.
std::vector<Limit> shared_limits(const Hierarchy& hierarchy);

/// The first of `limits` that `more` tasks would fill beyond `share` of its value; nothing where
/// all of them fit.
std::optional<Limit> first_overfilled(const std::vector<Limit>& limits, std::int64_t more,
                                      double share = 0.8);

}  // namespace ceiling
