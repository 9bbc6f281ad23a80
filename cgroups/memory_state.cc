#include "cgroups/memory_state.h"

#include <unistd.h>

#include <string>

#include "cgroups/control_file.h"
#include "cgroups/unified.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

std::int64_t number_in(const fs::path& file) {
  return parse_count(read_file(file), file.string()).value_or(0);
}

/// The number behind `key` at the beginning of a line of `file`; 0 where it has no such line.
std::int64_t field(const fs::path& file, const std::string& key) {
  const auto text = value_of(read_file(file), key + " ");
  return text ? parse_count(*text, file.string() + " " + key).value_or(0) : 0;
}

MemoryState read_v1(const fs::path& folder) {
  // The root's limit, a page below 2^63, is what v1 says for none.
  constexpr std::int64_t kUnlimited = std::int64_t{1} << 62;
  MemoryState state{.file = folder / "memory.limit_in_bytes", .max = std::nullopt};
  const std::int64_t max = number_in(state.file);
  if (max < kUnlimited) state.max = max;
  state.used = number_in(folder / "memory.usage_in_bytes");
  state.peak = number_in(folder / "memory.max_usage_in_bytes");
  state.kernel = number_in(folder / "memory.kmem.usage_in_bytes");
  state.kept = state.kernel + field(folder / "memory.stat", "total_rss");
  state.oom_kills = field(folder / "memory.oom_control", "oom_kill");
  return state;
}

}  // namespace

std::int64_t charged_ahead() {
  constexpr std::int64_t kBatchPages = 64;
  return kBatchPages * ::sysconf(_SC_PAGESIZE) * (::sysconf(_SC_NPROCESSORS_ONLN) - 1);
}

MemoryState read_memory(const fs::path& folder) {
  if (!is_unified(folder)) return read_v1(folder);
  MemoryState state{.file = folder / "memory.max", .max = std::nullopt};
  state.max = parse_count(read_file(state.file), state.file.string());
  state.used = number_in(folder / "memory.current");
  const auto peak = read_file_if_there(folder / "memory.peak");  // since 5.19
  state.peak = peak ? parse_count(*peak, "memory.peak").value_or(0) : state.used;
  const fs::path stat = folder / "memory.stat";
  for (const char* part : {"kernel_stack", "pagetables", "percpu", "sock", "slab_unreclaimable"}) {
    state.kernel += field(stat, part);
  }
  state.kept = state.kernel + field(stat, "anon");
  state.oom_kills = field(folder / "memory.events", "oom_kill");
  return state;
}

}  // namespace ceiling
