#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "messages.pb.h"
#include "workload/backend/shard_id.h"

namespace ceiling {

/// What membership granted to this backend, and until when. All leases of one grant end together.
/// The time is handed in: a lease is judged at the moment of the request that rests on it.
class LeaseTable {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Takes the place of everything granted before. `from` is when the lease began to count: not
  /// later than membership sent it.
  void grant(const wire::Leases& leases, Time from);

  /// nullptr for a shard that is not ours, or no more.
  const wire::Lease* find(const ShardId& shard, Time now) const;
  /// Empty once the leases have run out.
  std::vector<wire::Lease> held(Time now) const;
  /// Served up to, not including, this moment.
  Time expires_at() const { return expires_at_; }

 private:
  std::map<ShardId, wire::Lease> leases_;
  Time expires_at_{};
};

}  // namespace ceiling
