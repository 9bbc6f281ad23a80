#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace ceiling {

/// What a dependent says of itself to whoever asks GET /health.
struct Health {
  bool ok = false;
  std::string reason = {};  ///< why not; empty where it is
  std::size_t buffered = 0;
  std::uint64_t dropped = 0;
};

}  // namespace ceiling
