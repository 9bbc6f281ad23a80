#pragma once

#include <cmath>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "harness/observe/event.h"

namespace ceiling {

/// One arm's events, in their order. Valid as long as the history.
using ArmEvents = std::vector<const Event*>;

/// By arm; what is before the first arm stands under "".
inline std::map<std::string, ArmEvents> events_by_arm(const History& history) {
  std::map<std::string, ArmEvents> arms;
  for (const Event& event : history) arms[event.arm].push_back(&event);
  return arms;
}

template <typename What>
const What* as(const Event* event) {
  return std::get_if<What>(&event->what);
}

/// Seconds as a page shows them: a millisecond is enough.
inline double shown_s(double t_s) {
  return std::round(t_s * 1000) / 1000;
}

}  // namespace ceiling
