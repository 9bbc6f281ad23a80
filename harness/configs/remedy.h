#pragma once

#include <cstdint>
#include <string>

#include "harness/configs/origin.h"

namespace ceiling {

/// What is known of the limit that is to be changed.
struct RemedyQuestion {
  std::string limit;  ///< by its name in `check`
  std::string scope;  ///< pids.max, memory.max: the group, as in /proc/PID/cgroup
  std::string where;  ///< pids.max, memory.max: the control file
  std::int64_t needed =
      0;             ///< the value that it must have, in its own unit: tasks, maps, bytes ...
  Origin origin;     ///< of the present value
  std::string unit;  ///< RLIMIT_*: the service that the process belongs to; empty: none
  std::string user;  ///< RLIMIT_*: the login name; empty: not known
  int pid = 0;       ///< RLIMIT_*: the process, 0: none that runs
};

/// One line to type, for sh: at once, then `; to keep it: ` for after the next start where that is
/// another command. Groups of Docker, Podman and Kubernetes are known by their paths, units of
/// systemd by their last component. Empty for a limit that is not one of `check`.
std::string remedy(const RemedyQuestion& question);

}  // namespace ceiling
