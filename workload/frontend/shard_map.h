#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workload/protocol/routes.h"

namespace ceiling::frontend {

/// Where a request goes.
struct Destination {
  std::string backend;  ///< address
  int shard = 0;
  std::uint64_t epoch = 0;
};

/// Hash ranges and their owners, of one version; closed shards are found by their number alone. A
/// lookup costs the logarithm of the shards, whatever the size of the fleet. Streams go by their
/// id.
class ShardMap {
 public:
  ShardMap() = default;
  explicit ShardMap(std::uint64_t version) : version_(version) {}

  void add(const wire::Slice& slice);
  std::optional<Destination> by_key(std::string_view stream, HashKey key) const;
  std::optional<Destination> by_shard(std::string_view stream, int shard) const;

  std::uint64_t version() const { return version_; }
  std::vector<wire::Route> routes() const;

 private:
  struct Entry {
    HashRange range;
    Destination to;
  };
  struct Stream {
    std::map<HashKey, Entry> open;                  // by first key
    std::map<std::uint32_t, wire::Route> by_shard;  // closed ones too
  };
  std::uint64_t version_ = 0;
  std::map<std::string, Stream, std::less<>> streams_;  // by id
};

/// The map that requests are routed by: written by the event loop, read by the http thread. Only a
/// complete map routes.
class PublishedMap {
 public:
  /// A complete map takes the place of the former in one step.
  void replace(ShardMap map);
  /// In place: from here until complete() nothing is routed.
  void empty(std::uint64_t version);
  void fill(const wire::Slice& slice);
  void complete();

  std::optional<Destination> by_key(std::string_view stream, HashKey key) const;
  std::optional<Destination> by_shard(std::string_view stream, int shard) const;
  std::uint64_t version() const;
  /// With its routes and their digest, as seen from outside.
  wire::PublishedMap describe() const;

 private:
  mutable std::mutex mutex_;
  ShardMap map_;
  bool complete_ = false;
};

}  // namespace ceiling::frontend
