#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace ceiling {

struct ShardId {
  std::string stream;
  std::uint32_t shard = 0;
  auto operator<=>(const ShardId&) const = default;
};

}  // namespace ceiling
