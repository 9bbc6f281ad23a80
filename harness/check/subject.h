#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "cgroups/error.h"
#include "cgroups/hierarchy.h"
#include "harness/check/answer.h"
#include "harness/check/unit_state.h"

namespace ceiling {

/// There is no such process, group or unit. A verb that meets it ends with exit status 64.
class NoSuchTarget : public Error {
 public:
  using Error::Error;
};

/// The target was there and went while it was read. A verb that meets it ends with exit status 2.
class Vanished : public Error {
 public:
  using Error::Error;
};

struct ReadHow {
  bool probe = false;      ///< the tasks of the uid by the fork probe, see cgroups/limits
  bool count_all = false;  ///< all counts, also where a bound answers: for a what-if
  std::optional<std::int64_t> needed{};  ///< nothing is counted where there surely is room
  std::int64_t threads_per_peer = 0;
  std::optional<std::int64_t> stack{};
};

/// Asks systemd for a unit: ask_systemd(), or a value in a test. Throws HostError where systemd
/// cannot be asked.
using AskUnit = std::function<UnitState(const std::string& name)>;

/// Reads a target below the root that `hierarchy` was detected in: its facts, and where each of its
/// values was set. A group has no user and no rlimits of its own: for a group, and a unit without a
/// main process, those of the caller are taken. A unit that is not active is read as of the moment
/// when it starts. Starts nothing but the probe. Throws NoSuchTarget, Vanished, HostError.
Subject read_subject(const Hierarchy& hierarchy, const Selector& selector, const ReadHow& how,
                     const AskUnit& ask_unit);

}  // namespace ceiling
