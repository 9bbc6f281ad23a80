#include "workload/membership/backend_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "workload/membership/checks.h"
#include "workload/protocol/routes.h"
#include "workload/protocol/wire.h"

namespace ceiling {

void BackendDirectory::join(const wire::Backend& backend) {
  check_name(backend.name());
  check_address(backend.address());
  const auto known = entries_.find(backend.name());
  if (known != entries_.end()) {
    Entry& entry = known->second;
    if (entry.connected) {
      throw wire::ProtocolError(fmt::format("{} is connected already", backend.name()));
    }
    entry = {backend, entry.epoch + 1, true};
    return;
  }
  if (entries_.size() == expected_) {
    throw wire::ProtocolError(fmt::format("all {} backends are known already", expected_));
  }
  entries_[backend.name()].backend = backend;
  complete_ = entries_.size() == expected_;
}

void BackendDirectory::lost(std::string_view name) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return;
  if (complete_) {
    entry->second.connected = false;
  } else {
    entries_.erase(entry);
  }
}

std::size_t BackendDirectory::connected() const {
  return static_cast<std::size_t>(std::count_if(
      entries_.begin(), entries_.end(), [](const auto& entry) { return entry.second.connected; }));
}

std::vector<wire::Lease> BackendDirectory::leases_of(std::string_view name,
                                                     std::span<const wire::Stream> streams) const {
  std::vector<wire::Lease> leases;
  const auto owner = entries_.find(name);
  if (!complete_ || owner == entries_.end()) return leases;
  const auto place = static_cast<std::size_t>(std::distance(entries_.begin(), owner));
  for (const wire::Stream& stream : streams) {
    for (const wire::Shard& shard : wire::shards_of(stream)) {
      if (shard.turn() % entries_.size() != place) continue;
      wire::Lease& lease = leases.emplace_back();
      lease.set_stream(wire::id_of(stream));
      lease.set_shard(shard.number());
      lease.set_epoch(owner->second.epoch);
      lease.set_closed(shard.closed());
      lease.set_limited(stream.of_a_client());
    }
  }
  return leases;
}

std::vector<wire::Backend> BackendDirectory::backends() const {
  std::vector<wire::Backend> backends;
  for (const auto& [name, entry] : entries_) {
    backends.push_back(entry.backend);
    backends.back().set_epoch(entry.epoch);
  }
  return backends;
}

}  // namespace ceiling
