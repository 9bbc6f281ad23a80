#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "harness/verify/verify.h"

namespace ceiling {

/// The limit that an arm is drawn against: the one that refused, else the one that was to.
std::optional<LimitName> limit_drawn(const ArmVerdict& arm);
/// The limit that was met, was to be met, or is the next one, is that of the arm's cache servers.
bool caches_bind(const ArmVerdict& arm);
/// What it counts: "tasks", "bytes", ...
std::string unit_of(LimitName name);
std::int64_t counted(const SampleEvent& sample);
bool in_scope(const SampleEvent& sample, LimitScope scope);

struct Bounds {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = 0;

  void take(std::int64_t value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

}  // namespace ceiling
