#include "workload/client/shard_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "workload/protocol/wire.h"

namespace ceiling {

ShardKeys::ShardKeys(std::string prefix, std::span<const wire::Stream> streams)
    : prefix_(std::move(prefix)) {
  for (const wire::Stream& stream : streams) {
    if (stream.shards() == 0 || stream.shards() > kMaxShards) {
      throw wire::ProtocolError(
          fmt::format("stream {} has {} shards", stream.name(), stream.shards()));
    }
    const int shards = static_cast<int>(stream.shards());
    for (int shard = 0; shard < shards; ++shard) {
      shards_.push_back({stream.name(), shard});
      last_.push_back(shard_range(shard, shards).last);
    }
  }
  kept_.resize(shards_.size());
}

std::string ShardKeys::fresh_key(std::size_t index) {
  // The shards of one stream stand in a row, in the order of their ranges.
  const auto first = index - static_cast<std::size_t>(shards_[index].shard);
  const auto begin = last_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = std::find(begin, last_.end(), ~HashKey{0}) + 1;
  while (kept_[index].empty()) {
    const std::uint64_t number = next_++;
    const HashKey hash = hash_key(fmt::format("{}-{}", prefix_, number));
    const auto fitting = std::lower_bound(begin, end, hash) - last_.begin();
    kept_[static_cast<std::size_t>(fitting)].push_back(number);
  }
  const std::uint64_t number = kept_[index].front();
  kept_[index].pop_front();
  return fmt::format("{}-{}", prefix_, number);
}

}  // namespace ceiling
