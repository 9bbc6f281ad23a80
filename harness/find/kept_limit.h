#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "harness/find/limit_use.h"
#include "harness/find/searched_limit.h"

namespace ceiling {

/// Looks, while a command is under trial, whether it is still under the limit that is tried.
class KeptLimit {
 public:
  /// `value` nothing: there is none. Borrows the others.
  KeptLimit(const SearchedLimit& limit, const LimitUse& use, std::optional<std::int64_t> value)
      : limit_(limit), use_(use), value_(value) {}

  /// `process`: the command's first one; `ended`: it is known to have. Throws NotSearchable where
  /// that one has left its group, or the limit was raised, by itself or in the group.
  void check(pid_t process, bool ended);

 private:
  void check_group(pid_t process, bool ended);

  const SearchedLimit& limit_;
  const LimitUse& use_;
  std::optional<std::int64_t> value_;
  int seen_outside_ = 0;
};

}  // namespace ceiling
