#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ceiling {

/// What was read of a host and of one place on it, before any rule is applied: everything that the
/// rules of limits/ need, and nothing else. Plain values, so that a snapshot of them answers for a
/// host that is elsewhere. Sizes are bytes.

/// A number as a file showed it.
struct Reading {
  std::optional<std::int64_t> number;   ///< nothing: unlimited, or not seen
  std::string unseen = "was not read";  ///< why it could not be read; empty: it was

  bool seen() const { return unseen.empty(); }
  bool operator==(const Reading&) const = default;
};
Reading seen(std::optional<std::int64_t> number);  ///< nothing: unlimited
Reading unseen(std::string why);

struct HostFacts {
  std::string kernel;        ///< "6.18.44", of uname(2)
  std::string hierarchy;     ///< of HierarchyMode, or "none"
  std::string libc;          ///< "glibc 2.36"
  std::string other_kernel;  ///< "gVisor", "WSL 1": answers in user space, with rules of its own
  std::string hidden;        ///< why processes of others cannot be seen; empty: all can

  Reading tasks;        ///< on the host, kernel threads included: loadavg, field 4
  Reading threads_max;  ///< kernel.threads-max

  Reading pid_max;                       ///< kernel.pid_max of our pid namespace
  std::optional<std::int64_t> last_pid;  ///< ns_last_pid; not every kernel shows it
  std::int64_t pids_held = 0;            ///< numbers in use from first_free_pid() on
  bool pids_counted = false;             ///< else `pids_held` is an upper bound, from `tasks`
  bool first_pid_namespace = true;       ///< ours is the host's own
  std::int64_t first_free_pid() const;   ///< where the kernel looks next: see limits/pid_max.h

  Reading max_map_count;           ///< vm.max_map_count
  Reading overcommit_memory;       ///< vm.overcommit_memory
  Reading commit_limit;            ///< CommitLimit of /proc/meminfo
  Reading committed;               ///< Committed_AS
  std::int64_t memory = 0;         ///< MemTotal
  std::int64_t user_reserve = 0;   ///< vm.user_reserve_kbytes, in bytes
  std::int64_t admin_reserve = 0;  ///< vm.admin_reserve_kbytes, in bytes
};

/// One group on a path.
struct GroupFacts {
  std::string group;  ///< as in /proc/PID/cgroup
  std::string file;   ///< the control file with the limit
  std::optional<std::int64_t> max;
  std::int64_t current = 0;
};

/// What a process knows of its own heap and nobody sees from outside. glibc takes one piece of it
/// for every thread.
struct HeapFacts {
  std::int64_t free_at_least = 0;  ///< at the top
  std::int64_t free_at_most = 0;   ///< everywhere
  std::int64_t per_thread = 0;
  std::int64_t first_use = 0;  ///< taken once, by the first of all; 0: it is in use
};

struct PlaceFacts {
  std::string kind = "self";         ///< self | pid | unit | cgroup
  std::string name;                  ///< of the unit
  pid_t pid = 0;                     ///< 0: no process is meant, so nothing is known of its memory
  uid_t uid = 0;                     ///< real
  bool caps_exempt_nproc = false;    ///< CAP_SYS_ADMIN or CAP_SYS_RESOURCE, effective
  bool caps_exempt_memlock = false;  ///< CAP_IPC_LOCK, effective
  bool caps_admin = false;           ///< CAP_SYS_ADMIN, effective
  bool first_user_namespace = true;
  bool first_pid_namespace = true;

  std::string pids_group;          ///< as in /proc/PID/cgroup; empty without the controller
  std::string memory_group;        ///< likewise
  std::vector<GroupFacts> pids;    ///< leaf first, every group that has a limit file
  std::vector<GroupFacts> memory;  ///< likewise
  std::string no_pids;             ///< why the pids of the groups are not there; empty: they are
  std::string no_memory;
  bool ancestors_hidden = false;  ///< groups above the topmost of `pids` may exist
  bool oom_kills = true;          ///< false: v1 with oom_control 1

  Reading nproc, as, data, memlock, nofile, stack;  ///< soft limits
  Reading uid_tasks;                                ///< tasks of `uid`
  std::string uid_tasks_from = "";  ///< "sum", "probe", or "bound": no more than that

  Reading vm_size, vm_data, vm_locked;  ///< /proc/PID/status
  Reading maps;                         ///< lines of /proc/PID/maps that are counted
  bool has_heap = true;
  std::optional<HeapFacts> heap;  ///< known: and it has never ended a thread
  Reading descriptors;            ///< open
};

/// A thread as pthread_create makes it.
struct ThreadShape {
  std::int64_t stack = 0;  ///< its usable part
  std::int64_t guard = 0;
};

struct Facts {
  HostFacts host;
  PlaceFacts place;
};

}  // namespace ceiling
