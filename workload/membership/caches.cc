// Cache servers: who is there, and which frontends have a place at them.
#include <fmt/format.h>

#include <system_error>

#include "workload/membership/membership_server.h"

namespace ceiling {

void MembershipServer::join_cache(Session& session, const wire::CacheServer& cache) {
  check_address(cache.address());
  if (!caches_.emplace(cache.name(), cache).second) {
    throw wire::ProtocolError(fmt::format("{} is there already", cache.name()));
  }
  session.joined = true;
  silent_caches_.erase(session.name);
  cache_watch_.check.joined(session.name);
  log(fmt::format("{} joined, {} cache servers", session.name, caches_.size()));
  caches_changed();
  // Whoever wanted a map while nobody was there to build one has given up its version.
  if (caches_.size() == 1 && members_.renew()) return vend_members(session.name + " is there");
  if (members_.version() > 0) session.connection->send(members());
}

void MembershipServer::leave_cache(const Session& session, std::string_view why) {
  caches_.erase(session.name);
  cache_watch_.check.gone(session.name);
  log(fmt::format("{} {}, {} cache servers", session.name, why, caches_.size()));
  caches_changed();
}

/// The map stays what it is: no version.
void MembershipServer::caches_changed() {
  if (backends_.complete()) {
    broadcast(configuration(),
              [](const Session& session) { return session.role == wire::ROLE_FRONTEND; });
  }
  changed();
}

void MembershipServer::tell_place(const Session& session, const wire::Place& place) {
  if (!session.joined) return;  // removed, and has not read it yet
  Session* frontend = joined(wire::ROLE_FRONTEND, place.frontend());
  if (frontend == nullptr) return;  // it has left meanwhile
  if (place.has_refusal()) {
    log(fmt::format("{} has no place at {}: {}", frontend->name, session.name,
                    std::generic_category().message(place.refusal().error())));
  }
  wire::Envelope envelope;
  *envelope.mutable_place() = place;
  envelope.mutable_place()->set_server(session.name);
  frontend->connection->send(envelope);
}

}  // namespace ceiling
