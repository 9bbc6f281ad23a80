#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace ceiling {

/// The memory controller's state of one group (cgroup-v2.rst, "Memory"; v1: memory.rst). The kernel
/// charges each CPU in advance (MEMCG_CHARGE_BATCH, mm/memcontrol.c), so `used` may be ahead of
/// what is there; `kept` is not.
struct MemoryState {
  std::filesystem::path file;       ///< memory.max, v1 memory.limit_in_bytes
  std::optional<std::int64_t> max;  ///< bytes; nothing: unlimited
  std::int64_t used = 0;            ///< bytes charged, here and below
  std::int64_t peak = 0;    ///< the most that was charged at a moment; `used` where it is not kept
  std::int64_t kept = 0;    ///< of `used`, what cannot be reclaimed without swap
  std::int64_t kernel = 0;  ///< of `kept`, the kernel's own: stacks, sockets, page tables
  std::int64_t oom_kills = 0;  ///< processes of the group that the OOM killer ended
};

/// What the kernel may have charged to a group in advance when the OOM killer comes: 64 pages for
/// each CPU but the one that asks. It calls these back, but does not wait for them.
std::int64_t charged_ahead();

/// Throws FileError, also where the group has none.
MemoryState read_memory(const std::filesystem::path& folder);

}  // namespace ceiling
