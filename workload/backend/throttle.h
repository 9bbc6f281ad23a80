#pragma once

#include <chrono>
#include <cstddef>
#include <map>

#include "messages.pb.h"
#include "workload/backend/shard_id.h"

namespace ceiling {

/// The limits of each shard, as the service has them: what a second allows may be used at once, and
/// comes back at a steady rate. Something is let through as long as anything is left of it, so that
/// one record or one answer may be larger than that; what follows waits until it is paid for.
class Throttle {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// From now on. A limit of 0 is none.
  void set(const wire::ShardLimits& limits) { limits_ = limits; }

  /// False: the record is above the limits, and nothing is charged.
  bool take_put(const ShardId& shard, std::size_t bytes, Time now);
  bool take_read(const ShardId& shard, Time now);
  /// What that read brought.
  void charge_read(const ShardId& shard, std::size_t bytes, Time now);

 private:
  /// What is left of a second's worth.
  struct Bucket {
    double left = 0;
    Time filled{};  ///< never: full
    void fill(double per_s, Time now);
  };
  struct Buckets {
    Bucket bytes_in, records_in, bytes_out, reads_out;
  };

  wire::ShardLimits limits_;
  std::map<ShardId, Buckets> shards_;
};

}  // namespace ceiling
