#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ceiling::http_api {

/// What a frontend serves over HTTP: POST / with `X-Amz-Target: Kinesis_20131202.<Operation>`, a
/// JSON body, and `Authorization: Bearer <token of the run>`. PutRecord {StreamName, PartitionKey,
/// Data (base64)} -> {ShardId, SequenceNumber}; GetRecords {ShardIterator, Limit} -> {Records,
/// NextShardIterator}. Errors are {"__type": <name>, "message": ...}.
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

/// Where GetRecords starts. A plain text for now: "stream/shard/sequence".
struct Iterator {
  std::string stream;
  int shard = 0;
  std::uint64_t sequence = 0;  ///< the first one wanted

  std::string text() const {
    return stream + "/" + std::to_string(shard) + "/" + std::to_string(sequence);
  }
  static std::optional<Iterator> parse(std::string_view text) {
    const auto second = text.rfind('/');
    if (second == std::string_view::npos || second == 0) return std::nullopt;
    const auto first = text.rfind('/', second - 1);
    if (first == std::string_view::npos || first == 0) return std::nullopt;
    Iterator iterator;
    iterator.stream = text.substr(0, first);
    const auto number = [](std::string_view digits, auto& into) {
      const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), into);
      return parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size();
    };
    if (!number(text.substr(first + 1, second - first - 1), iterator.shard) || iterator.shard < 0 ||
        !number(text.substr(second + 1), iterator.sequence)) {
      return std::nullopt;
    }
    return iterator;
  }
};

}  // namespace ceiling::http_api
