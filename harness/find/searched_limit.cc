#include "harness/find/searched_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace ceiling {
namespace {

using Kind = SearchedLimit::Kind;

// Page tables and a heap that grows by 132 KiB: a smaller step would measure chance.
constexpr std::int64_t kAddressStep = std::int64_t{256} << 10;
// The kernel charges every CPU up to 64 pages in advance (MEMCG_CHARGE_BATCH).
constexpr std::int64_t kMemoryStep = std::int64_t{1} << 20;

}  // namespace

bool SearchedLimit::counts_a_user() const {
  return kind == Kind::rlimit && resource == RLIMIT_NPROC;
}

const std::vector<SearchedLimit>& searched_limits() {
  static const std::vector<SearchedLimit> all = {
      {"pids.max", "tasks", Kind::pids_max},
      {"RLIMIT_NPROC", "tasks", Kind::rlimit, RLIMIT_NPROC},
      {"RLIMIT_AS", "bytes", Kind::rlimit, RLIMIT_AS, kAddressStep},
      {"RLIMIT_NOFILE", "descriptors", Kind::rlimit, RLIMIT_NOFILE},
      {"memory.max", "bytes", Kind::memory_max, 0, kMemoryStep},
      {"vm.max_map_count", "mappings", Kind::host_setting},
  };
  return all;
}

std::optional<SearchedLimit> searched_limit(std::string_view name) {
  const auto& all = searched_limits();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [name](const SearchedLimit& one) { return one.name == name; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

}  // namespace ceiling
