#include "workload/membership/backend_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "workload/membership/checks.h"
#include "workload/protocol/wire.h"

namespace ceiling {

BackendDirectory::BackendDirectory(std::vector<wire::Stream> streams, std::size_t expected)
    : streams_(std::move(streams)), expected_(expected) {}

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

std::vector<wire::Lease> BackendDirectory::leases_of(std::string_view name) const {
  std::vector<wire::Lease> leases;
  const auto owner = entries_.find(name);
  if (!complete_ || owner == entries_.end()) return leases;
  const auto place = static_cast<std::size_t>(std::distance(entries_.begin(), owner));
  std::size_t turn = 0;
  for (const wire::Stream& stream : streams_) {
    for (std::uint32_t shard = 0; shard < stream.shards(); ++shard, ++turn) {
      if (turn % entries_.size() != place) continue;
      wire::Lease& lease = leases.emplace_back();
      lease.set_stream(stream.name());
      lease.set_shard(shard);
      lease.set_epoch(owner->second.epoch);
    }
  }
  return leases;
}

std::vector<wire::Backend> BackendDirectory::backends() const {
  std::vector<wire::Backend> backends;
  for (const auto& [name, entry] : entries_) backends.push_back(entry.backend);
  return backends;
}

}  // namespace ceiling
