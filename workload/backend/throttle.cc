#include "workload/backend/throttle.h"

#include <algorithm>

namespace ceiling {

void Throttle::Bucket::fill(double per_s, Time now) {
  const std::chrono::duration<double> since = now - filled;
  left = filled == Time{} ? per_s : std::min(per_s, left + per_s * since.count());
  filled = now;
}

bool Throttle::take_put(const ShardId& shard, std::size_t bytes, Time now) {
  Buckets& buckets = shards_[shard];
  const auto per_s = static_cast<double>(limits_.bytes_in());
  buckets.bytes_in.fill(per_s, now);
  buckets.records_in.fill(limits_.records_in(), now);
  const bool room = (limits_.bytes_in() == 0 || buckets.bytes_in.left > 0) &&
                    (limits_.records_in() == 0 || buckets.records_in.left >= 1);
  if (!room) return false;
  buckets.bytes_in.left -= static_cast<double>(bytes);
  buckets.records_in.left -= 1;
  return true;
}

bool Throttle::take_read(const ShardId& shard, Time now) {
  Buckets& buckets = shards_[shard];
  buckets.bytes_out.fill(static_cast<double>(limits_.bytes_out()), now);
  buckets.reads_out.fill(limits_.reads_out(), now);
  const bool room = (limits_.bytes_out() == 0 || buckets.bytes_out.left > 0) &&
                    (limits_.reads_out() == 0 || buckets.reads_out.left >= 1);
  if (room) buckets.reads_out.left -= 1;
  return room;
}

void Throttle::charge_read(const ShardId& shard, std::size_t bytes, Time now) {
  Bucket& bucket = shards_[shard].bytes_out;
  bucket.fill(static_cast<double>(limits_.bytes_out()), now);
  bucket.left -= static_cast<double>(bytes);
}

}  // namespace ceiling
