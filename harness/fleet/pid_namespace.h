#pragma once

#include "cgroups/cgroup.h"
#include "harness/experiment/experiment.h"
#include "harness/fleet/site.h"
#include "harness/observe/history.h"

namespace ceiling {

/// A pid namespace of the fleet's own with a kernel.pid_max of its own, see pid_namespaces(7) and
/// kernel/pid.c. Only frontends are born in it, so that what takes numbers there is known. Ends
/// when its group does.
class PidNamespace {
 public:
  /// Throws HostError where an arm wants one and this kernel has one pid_max for all: before 6.14.
  static void check_kernel(const Experiment& experiment);

  /// Its first process goes to `group`. Throws SpawnError, and HostError when the value turned up
  /// on the host, which is put back then.
  PidNamespace(Site& site, const std::string& label, const Cgroup& group, std::int64_t pid_max);

  const ChildProcess& init() const { return init_; }
  /// The numbers that are taken: those of `frontends`, the tasks of the namespace's other
  /// processes, that of its first one, and 0.
  SampleEvent sample(std::int64_t frontends) const;

 private:
  std::int64_t pid_max_;
  ChildProcess init_;
};

}  // namespace ceiling
