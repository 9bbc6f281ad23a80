#include "workload/frontend/shard_map.h"

#include <utility>

namespace ceiling::frontend {
namespace {

Destination destination(const wire::Route& route) {
  return {route.backend(), static_cast<int>(route.shard()), route.epoch()};
}

}  // namespace

void ShardMap::add(const wire::Slice& slice) {
  for (const wire::Route& route : slice.routes()) {
    const auto range = wire::range_of(route);
    if (!range) continue;
    Stream& stream = streams_[route.stream()];
    stream.by_shard.insert_or_assign(route.shard(), route);
    if (!route.closed()) {
      stream.open.insert_or_assign(range->first, Entry{*range, destination(route)});
    }
  }
}

std::optional<Destination> ShardMap::by_key(std::string_view stream, HashKey key) const {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return std::nullopt;
  const auto after = found->second.open.upper_bound(key);
  if (after == found->second.open.begin()) return std::nullopt;
  const Entry& entry = std::prev(after)->second;
  if (!entry.range.contains(key)) return std::nullopt;
  return entry.to;
}

std::optional<Destination> ShardMap::by_shard(std::string_view stream, int shard) const {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return std::nullopt;
  const auto route = found->second.by_shard.find(static_cast<std::uint32_t>(shard));
  if (route == found->second.by_shard.end()) return std::nullopt;
  return destination(route->second);
}

std::vector<wire::Route> ShardMap::routes() const {
  std::vector<wire::Route> all;
  for (const auto& [id, stream] : streams_) {
    for (const auto& [shard, route] : stream.by_shard) all.push_back(route);
  }
  return all;
}

void PublishedMap::replace(ShardMap map) {
  const std::lock_guard lock(mutex_);
  map_ = std::move(map);
  complete_ = true;
}

void PublishedMap::empty(std::uint64_t version) {
  const std::lock_guard lock(mutex_);
  map_ = ShardMap(version);
  complete_ = false;
}

void PublishedMap::fill(const wire::Slice& slice) {
  const std::lock_guard lock(mutex_);
  map_.add(slice);
}

void PublishedMap::complete() {
  const std::lock_guard lock(mutex_);
  complete_ = true;
}

std::optional<Destination> PublishedMap::by_key(std::string_view stream, HashKey key) const {
  const std::lock_guard lock(mutex_);
  return complete_ ? map_.by_key(stream, key) : std::nullopt;
}

std::optional<Destination> PublishedMap::by_shard(std::string_view stream, int shard) const {
  const std::lock_guard lock(mutex_);
  return complete_ ? map_.by_shard(stream, shard) : std::nullopt;
}

std::uint64_t PublishedMap::version() const {
  const std::lock_guard lock(mutex_);
  return map_.version();
}

wire::PublishedMap PublishedMap::describe() const {
  const std::lock_guard lock(mutex_);
  const std::vector<wire::Route> routes = map_.routes();
  wire::PublishedMap described;
  described.set_version(map_.version());
  described.set_complete(complete_);
  described.set_digest(wire::digest(routes));
  described.mutable_routes()->Add(routes.begin(), routes.end());
  return described;
}

}  // namespace ceiling::frontend
