#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ceiling {

/// A limit that can be searched, by its name in `check`.
struct SearchedLimit {
  enum class Kind { pids_max, memory_max, rlimit, host_setting };

  std::string_view name;
  std::string_view unit;  ///< "tasks", "bytes", "descriptors", "mappings"
  Kind kind = Kind::pids_max;
  int resource = 0;       ///< RLIMIT_*, of an rlimit
  std::int64_t step = 1;  ///< values closer together are not told apart

  bool counts_a_user() const;  ///< RLIMIT_NPROC: the command needs a uid of its own
};

const std::vector<SearchedLimit>& searched_limits();
/// Nothing for a name that is not among them.
std::optional<SearchedLimit> searched_limit(std::string_view name);

}  // namespace ceiling
