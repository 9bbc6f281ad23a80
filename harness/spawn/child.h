#pragma once

#include <linux/filter.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroups/descriptor.h"
#include "harness/spawn/launcher.h"

namespace ceiling {

/// What a new process goes through, in this order; to_string() is what SpawnError::step() says.
enum class Step : int {
  receive,        ///< the launcher had no room for the request's descriptors
  open,           ///< the launcher opens the program
  pid_namespace,  ///< the launcher turns to the pid namespace asked for
  fork,
  join,         ///< "0" to every cgroup.procs
  session,      ///< a session of its own: the terminal's Ctrl-C is not for the workload
  descriptors,  ///< exactly those asked for, under their numbers
  folder,       ///< umask, and chdir("/") or where it is to begin
  groups,       ///< no supplementary groups but those asked for
  gid,
  uid,
  rlimit,        ///< after the uid: above RLIMIT_NPROC an execve after setuid fails, see execve(2)
  death_signal,  ///< SIGKILL when the launcher dies; ESRCH: it has
  no_new_privs,
  seccomp,
  pid_max,  ///< of a new pid namespace
  exec
};
std::string_view to_string(Step step);

/// A process to be started, as the launcher has it. Descriptors are owned here.
struct ChildPlan {
  std::string program;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;
  std::vector<Descriptor> join;
  std::vector<std::pair<int, Descriptor>> descriptors;  ///< number in the child -> ours
  std::optional<uid_t> uid;
  std::vector<std::pair<int, rlim_t>> rlimits;
  bool confined = true;
  std::optional<Surroundings> surroundings = {};
  Descriptor pid_namespace = {};  ///< pidfd of a process of the one that it is born in; none: ours
};

/// The first process of a pid namespace to be made.
struct NamespacePlan {
  std::vector<Descriptor> join;
  std::int64_t pid_max = 0;
};

/// Either a running process, or the step that failed and its errno.
struct Started {
  pid_t pid = -1;
  Step step = Step::exec;
  int error = 0;
};

/// Forks and executes; returns once the exec succeeded or a step failed. A child that failed has
/// been reaped. Descriptors 0, 1 and 2 of the child are ours unless the plan names others;
/// everything else that we have open is closed in it. `filter` (harness/inject) is for a confined
/// child. The caller must be single-threaded.
Started start_child(const ChildPlan& plan, std::span<const sock_filter> filter);

/// Likewise forks the first process of a new pid namespace, see pid_namespaces(7). It sets
/// kernel.pid_max there (of the namespace alone since Linux 6.14, and the caller has seen to that),
/// keeps no descriptor, and then does nothing until it is killed, which ends every process of the
/// namespace.
Started start_namespace(const NamespacePlan& plan);

}  // namespace ceiling
