#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "messages.pb.h"
#include "workload/protocol/hash_key.h"

namespace ceiling::wire {

/// How routes, leases and records name it.
const std::string& id_of(const Stream& stream);
/// All of its shards, closed ones too, by number.
std::vector<Shard> shards_of(const Stream& stream);

/// 16 bytes, big-endian; nothing for other bytes.
std::string bytes_of(HashKey key);
std::optional<HashKey> key_of(std::string_view bytes);

Route make_route(const Stream& stream, const Shard& shard, const std::string& backend,
                 std::uint64_t epoch);
/// Nothing where the bytes are no range.
std::optional<HashRange> range_of(const Route& route);
std::optional<HashRange> range_of(const Shard& shard);

/// What is wrong with `routes` as a whole map of `streams`: a gap, an overlap, a stream that
/// does not exist, a range that is none. Nothing: every key of every stream has exactly one
/// owner. Routes of closed shards are no part of it.
std::optional<std::string> tiling_problem(std::span<const Stream> streams,
                                          std::span<const Route> routes);

/// The same for equal sets of routes, whatever their order. Epochs and owners count.
std::uint64_t digest(std::span<const Route> routes);

/// Of everything in the slice but the checksum itself.
std::uint64_t checksum(const Slice& slice);

/// The member that vouches for a shard: the one with the highest hash of (member, stream, shard),
/// so that a new member takes over only its own share (rendezvous hashing). Index into `members`,
/// which must not be empty.
std::size_t announcer(std::span<const std::string> members, std::string_view stream, int shard);

}  // namespace ceiling::wire
