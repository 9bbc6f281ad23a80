#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ceiling {

/// Who shares one limit: every frontend has its own group and uid, or one for the whole fleet.
/// `pid_namespace`: the fleet has one of its own, and kernel.pid_max counts the numbers in it.
/// `host`: of the limits that count all tasks of the host; no file says it.
enum class LimitScope { frontend, fleet, pid_namespace, host };
std::string_view to_string(LimitScope scope);

/// The limits that an experiment can set, by the names of `check`.
enum class LimitName {
  pids_max,
  rlimit_nproc,
  rlimit_as,
  rlimit_data,
  rlimit_memlock,
  rlimit_nofile,
  memory_max,
  threads_max,
  pid_max,
  max_map_count,
  overcommit_memory,
};
std::string_view to_string(LimitName name);
std::optional<LimitName> limit_from(std::string_view name);
/// All of them, in the order above.
const std::vector<LimitName>& all_limits();

/// A sysctl, one value for the host (proc_sys_kernel(5), proc_sys_vm(5)); kernel.pid_max also for a
/// pid namespace, LimitPlan::of_host().
bool is_host_wide(LimitName name);
/// Counted for each process by itself, so that no fleet can share it: the RLIMIT_* of getrlimit(2)
/// but RLIMIT_NPROC, which counts a uid.
bool is_per_process(LimitName name);
/// The value is bytes; else it is a number of things.
bool counts_bytes(LimitName name);

/// What limits count of a process, tasks apart, and of its group: memory that cannot be reclaimed,
/// the kernel's share of that, and what may be charged beside it in advance.
enum class Resource {
  address_space,
  data,
  locked,
  descriptors,
  maps,
  memory,
  kernel_memory,
  memory_ahead
};
/// Two fleets that are at least so far apart in size give an estimate of memory.
inline constexpr int kMemorySpan = 7;
/// "address_space_bytes", ..., as a history names it.
std::string_view to_string(Resource resource);
/// What RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK, RLIMIT_NOFILE and vm.max_map_count count of each
/// process; nothing for all others.
std::optional<Resource> counted_by(LimitName name);

struct Range {
  std::int64_t least = 0;
  std::int64_t most = 0;
};
/// What the kernel takes as a value.
Range allowed(LimitName name);

/// Where something stands in the file, from 1; 0 where no place can be named (an override).
struct Place {
  int line = 0;
  int column = 0;
};

/// A limit as the file says it.
struct SetLimit {
  std::optional<std::int64_t> value;  ///< nothing: `max`, not limited
  Place at = {};                      ///< of the value
};
using LimitValues = std::map<LimitName, SetLimit>;

/// "frontend-3", the third member of a fleet, and back; nothing for any other text.
std::string member_name(int number);
std::optional<int> member_number(std::string_view name);

struct LimitPlan {
  LimitScope scope = LimitScope::frontend;
  LimitValues values;  ///< what is not in it is not limited
  /// By member number: hosts whose configuration drifted. Laid over `values`, limit by limit.
  std::map<int, LimitValues> overrides = {};
  /// CPU time of all frontends together, in percent of one CPU; 0: not limited. It refuses nothing.
  int cpu_percent = 0;

  /// Of the fleet, overrides apart. Nothing: not limited.
  std::optional<std::int64_t> value(LimitName name) const;
  /// Of one member.
  std::optional<std::int64_t> value(LimitName name, int member) const;
  /// For the fleet, or for one of its members.
  bool sets(LimitName name) const;
  /// That limit is set on the whole host: not kernel.pid_max of a pid namespace.
  bool of_host(LimitName name) const;
  /// The limits that have a value, in the order of LimitName.
  std::vector<LimitName> names() const;
  void set(LimitName name, std::optional<std::int64_t> value) { values[name].value = value; }
};

}  // namespace ceiling
