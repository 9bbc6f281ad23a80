#include "workload/backend/lease_table.h"

namespace ceiling {

void LeaseTable::grant(const wire::Leases& leases, Time from) {
  leases_.clear();
  for (const wire::Lease& lease : leases.leases()) {
    leases_[{lease.stream(), lease.shard()}] = lease;
  }
  expires_at_ = from + std::chrono::milliseconds(leases.ttl_ms());
}

const wire::Lease* LeaseTable::find(const ShardId& shard, Time now) const {
  const auto found = leases_.find(shard);
  return found == leases_.end() || now >= expires_at_ ? nullptr : &found->second;
}

std::vector<wire::Lease> LeaseTable::held(Time now) const {
  std::vector<wire::Lease> held;
  if (now >= expires_at_) return held;
  for (const auto& [shard, lease] : leases_) held.push_back(lease);
  return held;
}

}  // namespace ceiling
