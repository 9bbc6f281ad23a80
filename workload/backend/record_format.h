#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "messages.pb.h"
#include "workload/backend/shard_id.h"

namespace ceiling::record_format {

// What lies in RocksDB. Numbers are big-endian, so that keys sort by stream, shard and sequence:
//   "f"                                                        kVersion
//   "r" length of stream (4) stream shard (4) sequence (8)     wire::Record without its sequence
//   "s" length of stream (4) stream shard (4)                  ShardState

inline constexpr std::string_view kVersionKey = "f";
inline constexpr std::string_view kVersion = "1";

/// Written in one batch with the records that it counts. Records from `oldest` to before `next` are
/// there, without a gap.
struct ShardState {
  std::uint64_t oldest = 1;
  std::uint64_t next = 1;
  std::uint64_t bytes = 0;              ///< what they cost
  std::uint64_t latest_arrived_ms = 0;  ///< of next - 1, also when that is trimmed
};

std::string record_key(const ShardId& shard, std::uint64_t sequence);
std::string state_key(const ShardId& shard);
/// Begins every state_key(), and no other key.
inline constexpr std::string_view kStatePrefix = "s";
/// Nothing for what state_key() does not give.
std::optional<ShardId> shard_of(std::string_view state_key);

std::string encode(const ShardState& state);
std::optional<ShardState> decode(std::string_view state);

}  // namespace ceiling::record_format
