#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/hierarchy.h"

namespace ceiling {

/// The pids controller's state of one group (cgroup-v2.rst, "PID"; v1: pids.rst).
struct PidsState {
  std::string group;                      ///< as in /proc/PID/cgroup
  std::filesystem::path folder;           ///< its folder below the mount
  std::optional<std::int64_t> max;        ///< nothing: unlimited
  std::int64_t current = 0;               ///< tasks in the group and below
  std::optional<std::int64_t> peak = {};  ///< the most tasks at one moment; kept since 6.11
  std::int64_t events = 0;                ///< the `max` line of pids.events: refusals counted here
};

/// pids state of `path` and of every ancestor that has one, leaf first; the root has none.
/// Ancestors that are not mounted here cannot be seen and are missing. Throws Error when `path` is
/// not there.
std::vector<PidsState> pids_path(const Hierarchy& hierarchy, const std::string& path);

/// The pids state of the one group whose folder is given. Throws FileError, also where it has none.
PidsState read_pids(const std::filesystem::path& folder, const std::string& group);

}  // namespace ceiling
