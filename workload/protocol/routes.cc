#include "workload/protocol/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ceiling::wire {
namespace {

std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

std::uint64_t hash(const Route& route) {
  std::uint64_t value = hash(route.stream(), route.shard());
  value = hash(route.first(), value);
  value = hash(route.last(), value);
  value = hash(route.backend(), value ^ route.epoch());
  return route.closed() ? ~value : value;
}

std::optional<HashRange> range(std::string_view first_bytes, std::string_view last_bytes) {
  const auto first = key_of(first_bytes);
  const auto last = key_of(last_bytes);
  if (!first || !last || *first > *last) return std::nullopt;
  return HashRange{*first, *last};
}

}  // namespace

std::string bytes_of(HashKey key) {
  std::string bytes(16, '\0');
  for (std::size_t i = 16; i-- > 0; key >>= 8) bytes[i] = static_cast<char>(key & 0xff);
  return bytes;
}

std::optional<HashKey> key_of(std::string_view bytes) {
  if (bytes.size() != 16) return std::nullopt;
  HashKey key = 0;
  for (const char byte : bytes) key = key << 8 | static_cast<unsigned char>(byte);
  return key;
}

const std::string& id_of(const Stream& stream) {
  return stream.id().empty() ? stream.name() : stream.id();
}

std::vector<Shard> shards_of(const Stream& stream) {
  std::vector<Shard> shards(stream.made().begin(), stream.made().end());
  if (!shards.empty()) return shards;
  for (std::uint32_t number = 0; number < stream.shards(); ++number) {
    const HashRange range =
        shard_range(static_cast<int>(number), static_cast<int>(stream.shards()));
    Shard& shard = shards.emplace_back();
    shard.set_number(number);
    shard.set_first(bytes_of(range.first));
    shard.set_last(bytes_of(range.last));
  }
  return shards;
}

Route make_route(const Stream& stream, const Shard& shard, const std::string& backend,
                 std::uint64_t epoch) {
  Route route;
  route.set_stream(id_of(stream));
  route.set_shard(shard.number());
  route.set_first(shard.first());
  route.set_last(shard.last());
  route.set_backend(backend);
  route.set_epoch(epoch);
  route.set_closed(shard.closed());
  return route;
}

std::optional<HashRange> range_of(const Route& route) {
  return range(route.first(), route.last());
}

std::optional<HashRange> range_of(const Shard& shard) {
  return range(shard.first(), shard.last());
}

std::optional<std::string> tiling_problem(std::span<const Stream> streams,
                                          std::span<const Route> routes) {
  std::map<std::string_view, std::vector<HashRange>> by_stream;
  for (const Stream& stream : streams) by_stream[id_of(stream)];
  for (const Route& route : routes) {
    if (route.closed()) continue;
    const auto stream = by_stream.find(route.stream());
    if (stream == by_stream.end()) {
      return fmt::format("a route of stream {}, which does not exist", route.stream());
    }
    const auto covered = range_of(route);
    if (!covered) return fmt::format("{} shard {} has no range", route.stream(), route.shard());
    stream->second.push_back(*covered);
  }
  for (auto& [name, ranges] : by_stream) {
    std::sort(ranges.begin(), ranges.end(),
              [](const HashRange& a, const HashRange& b) { return a.first < b.first; });
    HashKey next = 0;
    for (const HashRange& one : ranges) {
      if (&one != &ranges.front() && next == 0) return fmt::format("{}: overlap at the end", name);
      if (one.first > next) return fmt::format("{}: a gap before one of its ranges", name);
      if (one.first < next) return fmt::format("{}: two ranges overlap", name);
      next = one.last + 1;  // 0 again after the last key
    }
    if (ranges.empty() || next != 0) return fmt::format("{}: the end has no owner", name);
  }
  return std::nullopt;
}

std::uint64_t digest(std::span<const Route> routes) {
  std::uint64_t sum = routes.size();
  for (const Route& route : routes) sum += hash(route);
  return sum;
}

std::uint64_t checksum(const Slice& slice) {
  std::uint64_t value = hash(slice.sender(), slice.version() << 8 | slice.part());
  for (const Route& route : slice.routes()) value = value * 31 + hash(route);
  return value;
}

std::size_t announcer(std::span<const std::string> members, std::string_view stream, int shard) {
  const std::uint64_t seed = hash(stream, static_cast<std::uint64_t>(shard));
  std::size_t best = 0;
  std::uint64_t highest = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::uint64_t weight = hash(members[i], seed);
    if (i == 0 || weight > highest) {
      best = i;
      highest = weight;
    }
  }
  return best;
}

}  // namespace ceiling::wire
