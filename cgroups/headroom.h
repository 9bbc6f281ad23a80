#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/facts.h"
#include "cgroups/hierarchy.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// A place that a process can be in: that of process `pid` (0: the caller), unless a uid or a group
/// (as in /proc/PID/cgroup) is named that it is to have instead.
struct Target {
  pid_t pid = 0;
  std::optional<uid_t> uid = std::nullopt;
  std::optional<std::string> group = std::nullopt;
  /// What process `pid` says of its own heap, and with it that it has never ended a thread. The
  /// caller's own is read.
  std::optional<HeapFacts> heap = std::nullopt;
};

/// What is asked of a place.
struct Question {
  std::optional<std::int64_t> stack =
      std::nullopt;    ///< of a thread; by default that of RLIMIT_STACK
  bool probe = false;  ///< count the tasks of the uid by the fork probe
  bool count = false;  ///< tasks and numbers also where they cannot bind first
  /// Threads that are needed: where bounds allow them already, nothing is counted. Where nothing is
  /// asked for, kernel.pid_max may stay a bound, on a host with very many tasks.
  std::optional<std::int64_t> needed = std::nullopt;
  std::int64_t threads_per_peer = 0;  ///< a fleet is asked for: RLIMIT_NOFILE counts as well
};

/// Descriptors that a peer costs: one connection each way.
inline constexpr std::int64_t kDescriptorsPerPeer = 2;

/// Every limit that can refuse a thread to a target. Those that can bind come first, least room
/// first, and among equals in the order in which the kernel asks them; unlimited and exempt ones
/// follow, unknown ones stand last.
struct Headroom {
  Facts facts;
  ThreadShape thread;
  std::vector<Limit> limits;

  /// The limit that a new thread meets first; nullptr where nothing limits.
  const Limit* binding() const;
  /// Threads that can still be made there; nothing: unlimited, or unknown.
  std::optional<std::int64_t> threads_left() const;
};

/// The default stack of pthread_create, of RLIMIT_STACK: unlimited is 2 MiB, pthread_create(3).
ThreadShape default_thread(const PlaceFacts& place);

/// The rules of limits/ over what was read. Pure.
Headroom headroom(const Facts& facts, const Question& question = {});

/// Reads the host and the target from the tree that `hierarchy` was detected in, and applies the
/// rules. Reads a bounded number of files, and once the status of every process where RLIMIT_NPROC
/// or kernel.pid_max could bind; starts nothing unless asked to probe. What cannot be read makes
/// its row unknown. Throws Error when the target is gone, or is none.
Headroom headroom(const Hierarchy& hierarchy, const Target& target = {},
                  const Question& question = {});
/// The same for facts of which only the counts are still to be read, as read_place() leaves them.
Headroom headroom(const Hierarchy& hierarchy, Facts facts, const Question& question);

/// What everything that we start shares with others, whatever its uid and own group:
/// kernel.threads-max, kernel.pid_max, and pids.max of the caller's group and its ancestors. For
/// the check before a run.
std::vector<Limit> shared_limits(const Hierarchy& hierarchy);

/// The first of `limits` that `more` tasks would fill beyond `share` of its value; nothing where
/// all of them fit.
std::optional<Limit> first_overfilled(const std::vector<Limit>& limits, std::int64_t more,
                                      double share = 0.8);

}  // namespace ceiling
