#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ceiling {

/// Events of the services that depend on the fleet (event.h).

/// How a dependent is, as it answers over HTTP: when it is first seen, when that has changed, and
/// at the end of the arm.
struct HealthEvent {
  static constexpr std::string_view kName = "health";
  std::string dependent;
  bool ok = false;
  std::string reason;  ///< why not; of an answer that did not come, what came instead
  std::uint64_t buffered = 0;
  std::uint64_t dropped = 0;
};
/// A dependent's process ended by itself.
struct DependentEndEvent {
  static constexpr std::string_view kName = "dependent-end";
  std::string dependent;
  std::string detail;                          ///< "signal 9"
  std::string where;                           ///< the file of its memory.max; empty: it had none
  std::optional<std::int64_t> oom_kills = {};  ///< that the kernel counted in its group
};

}  // namespace ceiling
