#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ceiling {

/// Where GetRecords goes on in one shard, as a client holds it: opaque, of one account, and of no
/// use to it when it is changed.
struct ShardIterator {
  std::string account;  ///< id
  std::string stream;
  std::uint32_t shard = 0;
  std::uint64_t sequence = 0;   ///< the first one wanted
  std::uint64_t issued_ms = 0;  ///< since the epoch

  static constexpr std::chrono::minutes kLife{5};

  bool operator==(const ShardIterator&) const = default;
};

/// Base64 with a keyed checksum (HMAC-SHA-256, 16 bytes of it); whoever knows the token of the run
/// can make one. At most 512 characters for a stream's name of 128.
std::string seal(const ShardIterator& iterator, std::string_view token);
/// Nothing where it was not made with this token.
std::optional<ShardIterator> open_iterator(std::string_view text, std::string_view token);

}  // namespace ceiling
