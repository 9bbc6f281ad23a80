#pragma once

#include <chrono>
#include <cstdint>

namespace ceiling::frontend::kinesis {

/// Since the epoch.
inline std::uint64_t now_ms() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(
      duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

}  // namespace ceiling::frontend::kinesis
