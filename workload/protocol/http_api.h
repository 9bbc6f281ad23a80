#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ceiling::http_api {

/// The names of the Kinesis Data Streams API that both sides write: POST / with `X-Amz-Target:
/// Kinesis_20131202.<Operation>`.
inline constexpr std::string_view kTargetPrefix = "Kinesis_20131202.";
inline constexpr std::string_view kContentType = "application/x-amz-json-1.1";

/// "shardId-000000000003"
inline std::string shard_id(int shard) {
  std::string digits = std::to_string(shard);
  return "shardId-" + std::string(digits.size() < 12 ? 12 - digits.size() : 0, '0') + digits;
}

/// The number in a shard id, or nothing.
inline std::optional<int> shard_of(std::string_view id) {
  constexpr std::string_view kPrefix = "shardId-";
  if (!id.starts_with(kPrefix)) return std::nullopt;
  id.remove_prefix(kPrefix.size());
  int shard = -1;
  const auto parsed = std::from_chars(id.data(), id.data() + id.size(), shard);
  if (parsed.ec != std::errc{} || parsed.ptr != id.data() + id.size() || shard < 0)
    return std::nullopt;
  return shard;
}

}  // namespace ceiling::http_api
