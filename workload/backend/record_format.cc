#include "workload/backend/record_format.h"

#include <cstddef>

namespace ceiling::record_format {
namespace {

constexpr std::size_t kShort = 4;
constexpr std::size_t kLong = 8;

void put(std::string& to, std::uint64_t number, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) to += static_cast<char>(number >> (8 * i) & 0xff);
}

std::uint64_t take(std::string_view& from, std::size_t bytes) {
  std::uint64_t number = 0;
  for (const char byte : from.substr(0, bytes)) {
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  from.remove_prefix(bytes);
  return number;
}

std::string shard_key(char kind, const ShardId& shard) {
  std::string key(1, kind);
  put(key, shard.stream.size(), kShort);
  key += shard.stream;
  put(key, shard.shard, kShort);
  return key;
}

}  // namespace

std::string record_key(const ShardId& shard, std::uint64_t sequence) {
  std::string key = shard_key('r', shard);
  put(key, sequence, kLong);
  return key;
}

std::string state_key(const ShardId& shard) {
  return shard_key(kStatePrefix.front(), shard);
}

std::optional<ShardId> shard_of(std::string_view state_key) {
  if (state_key.size() < 1 + 2 * kShort || !state_key.starts_with(kStatePrefix)) {
    return std::nullopt;
  }
  state_key.remove_prefix(1);
  const std::size_t length = take(state_key, kShort);
  if (state_key.size() != length + kShort) return std::nullopt;
  ShardId shard{std::string(state_key.substr(0, length)), 0};
  state_key.remove_prefix(length);
  shard.shard = static_cast<std::uint32_t>(take(state_key, kShort));
  return shard;
}

std::string encode(const ShardState& state) {
  std::string text;
  for (const std::uint64_t number :
       {state.oldest, state.next, state.bytes, state.latest_arrived_ms}) {
    put(text, number, kLong);
  }
  return text;
}

std::optional<ShardState> decode(std::string_view state) {
  if (state.size() != 4 * kLong) return std::nullopt;
  ShardState decoded;
  decoded.oldest = take(state, kLong);
  decoded.next = take(state, kLong);
  decoded.bytes = take(state, kLong);
  decoded.latest_arrived_ms = take(state, kLong);
  if (decoded.oldest < 1 || decoded.oldest > decoded.next) return std::nullopt;
  return decoded;
}

}  // namespace ceiling::record_format
