#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "messages.pb.h"
#include "workload/protocol/hash_key.h"

namespace ceiling {

/// Every shard of every stream, and partition keys that belong there.
class ShardKeys {
 public:
  struct Shard {
    std::string stream;
    int shard = 0;
  };

  /// Keys are "<prefix>-<n>". Throws wire::ProtocolError for a stream without shards or with more
  /// than kMaxShards.
  ShardKeys(std::string prefix, std::span<const wire::Stream> streams);

  const std::vector<Shard>& shards() const { return shards_; }

  /// A key that was never given before and whose MD5 falls into `shards()[index]`. Costs one hash
  /// on average when the shards are asked for evenly: what fits another shard is kept for it.
  std::string fresh_key(std::size_t index);

  static constexpr std::uint32_t kMaxShards = 100'000;

 private:
  std::string prefix_;
  std::vector<Shard> shards_;
  std::vector<HashKey> last_;                    // of each shard's range
  std::vector<std::deque<std::uint64_t>> kept_;  // numbers that fit the shard, not given yet
  std::uint64_t next_ = 1;
};

}  // namespace ceiling
