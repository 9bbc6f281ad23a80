// A frontend whose maps are built by cache servers.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "workload/frontend/frontend.h"
#include "workload/frontend/peer_slice.h"

namespace ceiling::frontend {
namespace {

constexpr const char* kNoSource = "no source of maps: no cache server is there";

}  // namespace

/// What is gone has no place for us either, and says so anew when it is back.
void Frontend::keep_to_caches() {
  const auto& there = configuration_->caches();
  const bool had_source = !places_.empty();
  std::erase_if(places_, [&](const auto& entry) {
    const bool kept = std::any_of(there.begin(), there.end(), [&](const wire::CacheServer& one) {
      return one.name() == entry.first;
    });
    if (!kept) caches_.remove(entry.first);
    return !kept;
  });
  if (had_source && there.empty()) {
    log()(fmt::format("{}; map version {} goes on", kNoSource, map_.version()));
  }
  status_.changed();
  fail_without_source();
}

void Frontend::placed(const wire::Place& place) {
  if (!options_.cache_fleet) return;  // every member has one; this one has peers
  const auto& there = configuration_->caches();
  const auto server = std::find_if(there.begin(), there.end(), [&](const wire::CacheServer& one) {
    return one.name() == place.server();
  });
  if (server == there.end()) throw wire::ProtocolError("a place at an unknown cache server");
  places_[place.server()] = place;
  if (place.has_refusal()) return fail_without_source();
  subscribe(*server);
  status_.changed();
}

void Frontend::subscribe(const wire::CacheServer& server) {
  wire::Member sender;
  sender.set_name(server.name());
  sender.set_peer_address(server.address());
  try {
    caches_.add(sender, 0, 1, make_peer_socket());
  } catch (const std::system_error& error) {
    wire::Refusal refusal;
    refusal.set_error(error.code().value());
    refusal.set_tasks(options_.count_tasks());
    refusal.set_version(members_.version());
    refusal.set_phase("build");
    refusal.set_creating("connection to " + server.name());
    refusal.set_count(++places_refused_);
    refused(refusal);
  }
}

void Frontend::cached(wire::Slice map) {
  if (map.version() == map_.version()) return;  // another cache server was first
  map.set_sender(kOfCaches.first);
  builder_.add(map);
}

/// Where no cache server is there, or none has a place for us, nobody will hand us the map of this
/// version.
void Frontend::fail_without_source() {
  if (builder_.state().state() != wire::BUILD_RUNNING) return;
  const auto& there = configuration_->caches();
  if (there.empty()) return builder_.fail(members_.version(), kNoSource);
  const bool refused_by_all = std::all_of(there.begin(), there.end(), [this](const auto& one) {
    const auto said = places_.find(one.name());
    return said != places_.end() && said->second.has_refusal() &&
           said->second.refusal().version() == members_.version();
  });
  if (!refused_by_all) return;
  wire::Refusal refusal = places_.begin()->second.refusal();
  refusal.set_server(places_.begin()->first);
  refusal.set_count(++places_refused_);
  refused(refusal);
}

std::uint32_t Frontend::places() const {
  return static_cast<std::uint32_t>(std::count_if(
      places_.begin(), places_.end(), [](const auto& one) { return !one.second.has_refusal(); }));
}

}  // namespace ceiling::frontend
