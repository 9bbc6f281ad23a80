#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cgroups/memory_state.h"
#include "cgroups/pids_state.h"
#include "harness/observe/history.h"

namespace ceiling {

/// pids.max of one group as the kernel's files show it.
SampleEvent sample_pids(const std::string& scope, const PidsState& state);

/// memory.max of one group of `tasks` tasks.
SampleEvent sample_memory(const std::string& scope, std::int64_t tasks, const MemoryState& state);

/// RLIMIT_NPROC over the processes `pids`, which are all that run as their uid: the limit that the
/// first of them has (/proc/PID/limits) and the sum of their tasks (num_threads in /proc/PID/stat).
/// Processes that are gone count nothing. Nothing when all are.
std::optional<SampleEvent> sample_nproc(const std::string& scope, std::span<const pid_t> pids);

/// What one process has in use of what its own limits count.
struct ProcessUse {
  std::int64_t tasks = 0;
  std::int64_t address_space_bytes = 0;  ///< VmSize of /proc/PID/status
  std::int64_t data_bytes = 0;           ///< VmData
  std::int64_t locked_bytes = 0;         ///< VmLck
  std::int64_t descriptors = 0;          ///< entries of /proc/PID/fd
  std::int64_t maps = 0;                 ///< counted_maps(); 0: not to be seen
};
/// Lines of /proc/PID/maps that are counted: not the page that the kernel shows and does not count.
/// 0 for a process that is gone. Throws FileError where they are not to be seen: those of another
/// uid need CAP_SYS_PTRACE.
std::int64_t counted_maps(pid_t pid);
/// Nothing where the process is gone. See proc_pid_status(5); its sizes are kB of 1024.
std::optional<ProcessUse> read_use(pid_t pid);

/// The limit `limit` of process `pid`, called `row` in /proc/PID/limits ("Max address space"), of
/// which `used` is in use. Nothing where the process is gone.
std::optional<SampleEvent> sample_process(const std::string& scope, std::string_view limit,
                                          std::string_view row, pid_t pid, const ProcessUse& use,
                                          std::int64_t used);

/// vm.max_map_count, one value for the host that counts each process by itself: `use` of process
/// `pid`.
SampleEvent sample_maps(const std::string& scope, const ProcessUse& use);

}  // namespace ceiling
