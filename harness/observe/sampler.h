#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "cgroups/pids_state.h"
#include "harness/observe/history.h"

namespace ceiling {

/// pids.max of one group as the kernel's files show it.
SampleEvent sample_pids(const std::string& scope, const PidsState& state);

/// RLIMIT_NPROC over the processes `pids`, which are all that run as their uid: the limit that the
/// first of them has (/proc/PID/limits) and the sum of their tasks (num_threads in /proc/PID/stat).
/// Processes that are gone count nothing. Nothing when all are.
std::optional<SampleEvent> sample_nproc(const std::string& scope, std::span<const pid_t> pids);

}  // namespace ceiling
