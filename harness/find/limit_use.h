#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "cgroups/cgroup.h"
#include "harness/find/searched_limit.h"
#include "harness/observe/event.h"

namespace ceiling {

/// What the processes of a group use of a limit, and what it did to them. Borrows the group.
class LimitUse {
 public:
  LimitUse(const SearchedLimit& limit, const Cgroup& group) : limit_(limit), group_(group) {}

  /// Limits of which the kernel keeps no peak are looked at here.
  void sample();
  /// The most in use at a moment: the kernel's word for pids.max and memory.max where it keeps one
  /// (pids.peak, memory.peak, memory.max_use_in_bytes), else the most that sample() has met.
  std::int64_t peak() const;
  /// What peak() and refusals() say, and in which file the limit stands, for a history. `value`:
  /// what it is for `process`.
  SampleEvent event(std::optional<std::int64_t> value, pid_t process) const;
  /// Refusals that the kernel counted in the group: pids.events, processes that the OOM killer
  /// ended. Nothing for the others, of which it counts none.
  std::optional<std::int64_t> refusals() const;
  /// In the group, where its pids are counted.
  bool holds(pid_t process) const;
  /// What somebody has set above `value` meanwhile: the group's limit, the host's, or the soft
  /// limit that a process of the group has given itself. "max" or the number.
  std::optional<std::string> raised_above(std::int64_t value) const;

 private:
  std::int64_t tasks() const;
  std::int64_t use_of(pid_t pid) const;

  const SearchedLimit& limit_;
  const Cgroup& group_;
  std::int64_t most_ = 0;
};

}  // namespace ceiling
