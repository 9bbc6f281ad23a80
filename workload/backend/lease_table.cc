#include "workload/backend/lease_table.h"

namespace ceiling {

void LeaseTable::grant(const wire::Leases& leases, Time from) {
  epochs_.clear();
  for (const wire::Lease& lease : leases.leases()) {
    epochs_[{lease.stream(), lease.shard()}] = lease.epoch();
  }
  expires_at_ = from + std::chrono::milliseconds(leases.ttl_ms());
}

std::optional<std::uint64_t> LeaseTable::epoch_of(const ShardId& shard, Time now) const {
  const auto found = epochs_.find(shard);
  if (found == epochs_.end() || now >= expires_at_) return std::nullopt;
  return found->second;
}

std::vector<wire::Lease> LeaseTable::held(Time now) const {
  std::vector<wire::Lease> leases;
  if (now >= expires_at_) return leases;
  for (const auto& [shard, epoch] : epochs_) {
    wire::Lease& lease = leases.emplace_back();
    lease.set_stream(shard.stream);
    lease.set_shard(shard.shard);
    lease.set_epoch(epoch);
  }
  return leases;
}

}  // namespace ceiling
