#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ceiling {

/// Whom `check` is asked about, as the user says it.
struct Selector {
  enum class Kind { self, pid, unit, cgroup };

  Kind kind = Kind::self;
  std::int64_t pid = 0;               ///< of Kind::pid
  std::string name;                   ///< the unit with its suffix, or the group
  std::optional<std::int64_t> uid{};  ///< that the target is to have instead of its own

  /// "self", "pid 42", "unit demo.service", "cgroup /x as uid 7": its name for people.
  std::string text() const;
  bool operator==(const Selector&) const = default;
};

/// Each throws BadInput that names `option` where the value cannot be one: pids are 1 to 4194304,
/// uids 0 to 4294967294, groups as in /proc/PID/cgroup. A unit without a suffix is a service, as
/// for systemctl(1).
Selector pid_selector(std::int64_t pid, const std::string& option = "--pid");
Selector unit_selector(const std::string& name, const std::string& option = "--unit");
Selector cgroup_selector(const std::string& path, const std::string& option = "--cgroup");
void check_uid(std::int64_t uid, const std::string& option = "--uid");
/// PTHREAD_STACK_MIN, and no more than an address space.
void check_stack(std::int64_t bytes, const std::string& option = "--stack");

}  // namespace ceiling
