#pragma once

#include <vector>

#include "cgroups/facts.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// memory.max (v1: memory.limit_in_bytes) of every group on the path that has one, leaf first:
/// stacks and the kernel's own part of a thread are charged (cgroup-v2.rst "Memory"). An estimate,
/// of idle threads. No errno: at the limit the OOM killer ends a process of the group; only on v1
/// with oom_control 1 the creation is refused, with ENOMEM.
std::vector<Limit> memory_max_limits(const PlaceFacts& place);

/// Bytes that an idle thread is charged: 23.2 KB by the kernel, 8.5 KB for its stack. In a fresh
/// group 31.7 KB were seen on 6.18, 30.1 to 34.1 on 6.12, and up to 44.6 on 6.1 with 8 MiB stacks.
inline constexpr std::int64_t kIdleThreadBytes = 31'700;

}  // namespace ceiling
