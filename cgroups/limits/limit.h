#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ceiling {

/// One kernel limit as it stands for one target. Counts are tasks unless `unit` says otherwise.
struct Limit {
  std::string name;   ///< "pids.max", "RLIMIT_NPROC", "kernel.threads-max" ...
  std::string scope;  ///< the group, uid or "host" that it counts over
  std::string where;  ///< the file that shows it
  std::string unit = "tasks";
  std::optional<std::int64_t> value;  ///< nothing: unlimited
  std::int64_t used = 0;
  std::optional<std::int64_t> threads_left;  ///< nothing: unlimited
  bool exact = true;
  bool applies = true;
  int refusal_errno = 0;  ///< what a refused creation returns
  std::string note;
};

}  // namespace ceiling
