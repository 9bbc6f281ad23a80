#include "workload/frontend/owners.h"

#include <cstdint>
#include <set>
#include <utility>

#include "workload/protocol/routes.h"

namespace ceiling::frontend {

bool Owners::of_all(const wire::Configuration& configuration) const {
  std::set<std::pair<std::string, std::uint32_t>> held;
  for (const wire::Backend& backend : configuration.backends()) {
    const auto found = said_.find(backend.name());
    if (found == said_.end()) return false;
    for (const wire::Lease& lease : found->second.leases()) {
      // An epoch of 0 is of a membership that does not say.
      const bool current = backend.epoch() == 0 || lease.epoch() == backend.epoch();
      if (current) held.emplace(lease.stream(), lease.shard());
    }
  }
  for (const wire::Stream& stream : configuration.streams()) {
    for (const wire::Shard& shard : wire::shards_of(stream)) {
      if (!held.contains({wire::id_of(stream), shard.number()})) return false;
    }
  }
  return true;
}

std::vector<wire::Route> Owners::routes(const wire::Configuration& configuration) const {
  std::map<std::pair<std::string, std::uint32_t>, std::pair<std::string, std::uint64_t>> owners;
  for (const wire::Backend& backend : configuration.backends()) {
    const auto found = said_.find(backend.name());
    if (found == said_.end()) continue;
    for (const wire::Lease& lease : found->second.leases()) {
      owners[{lease.stream(), lease.shard()}] = {backend.address(), lease.epoch()};
    }
  }
  std::vector<wire::Route> routes;
  for (const wire::Stream& stream : configuration.streams()) {
    for (const wire::Shard& shard : wire::shards_of(stream)) {
      const auto owner = owners.find({wire::id_of(stream), shard.number()});
      if (owner == owners.end()) continue;  // nobody vouches for it: the map will have a gap
      routes.push_back(wire::make_route(stream, shard, owner->second.first, owner->second.second));
    }
  }
  return routes;
}

}  // namespace ceiling::frontend
