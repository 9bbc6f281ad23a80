#include "workload/membership/membership_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "workload/membership/checks.h"
#include "workload/protocol/accounts.h"
#include "workload/protocol/process.h"

namespace ceiling {

using boost::asio::ip::tcp;
using wire::Connection;
using wire::Envelope;

namespace {

[[noreturn]] void out_of_place(const Envelope& message) {
  throw wire::ProtocolError(
      fmt::format("message {} is out of place", static_cast<int>(message.message_case())));
}

std::uint64_t now_ms() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(
      duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

}  // namespace

MembershipServer::MembershipServer(boost::asio::any_io_executor executor, MembershipOptions options)
    : options_(std::move(options)),
      members_(options_.bootstrap_expect, options_.cells),
      admission_(options_.threads_per_peer),
      patience_(executor),
      frontend_watch_{wire::ROLE_FRONTEND, HealthCheck(options_.health_timeout),
                      boost::asio::steady_timer(executor)},
      cache_watch_{wire::ROLE_CACHE, HealthCheck(kCachePatience),
                   boost::asio::steady_timer(executor)},
      streams_(options_.streams, now_ms()),
      backends_(options_.backends),
      acceptor_(executor, wire::endpoint_of(options_.listen)),
      address_(wire::to_string(acceptor_.local_endpoint())) {
  if (!options_.status.empty()) {
    status_.emplace(executor, options_.status, [this] { return status(); });
  }
  look_after(frontend_watch_);
  look_after(cache_watch_);
  wire::accept_all(acceptor_, [this](tcp::socket socket) { accept(std::move(socket)); });
}

void MembershipServer::accept(tcp::socket socket) {
  boost::system::error_code gone;
  const std::string from = wire::to_string(socket.remote_endpoint(gone));
  auto connection = std::make_shared<Connection>(std::move(socket));
  Connection* key = connection.get();
  sessions_[key] = {.connection = connection, .label = from, .name = {}};
  connection->start(
      [this, key](const Envelope& message) {
        const auto session = sessions_.find(key);
        if (session != sessions_.end()) handle(session->second, message);
      },
      [this, key](std::string_view reason) { closed(key, reason); });
  connection->expect_within(wire::kHelloPatience);
}

void MembershipServer::handle(Session& session, const Envelope& message) {
  if (session.role == wire::ROLE_UNSPECIFIED) {
    return greet(session, wire::check_hello(message, options_.token));
  }
  if (message.has_join() && !session.joined) return join(session, message.join());
  if (message.has_headroom() && session.role == wire::ROLE_FRONTEND && options_.admission) {
    admission_.said(session.name, message.headroom());
    return decide();
  }
  if (message.has_health() && session.role == wire::ROLE_FRONTEND) {
    return frontend_watch_.check.answered(session.name, message.health().id());
  }
  if (message.has_health() && session.role == wire::ROLE_CACHE) {
    return cache_watch_.check.answered(session.name, message.health().id());
  }
  if (message.has_leave() && session.role == wire::ROLE_FRONTEND && session.joined) {
    return leave(session, "left");
  }
  if (message.has_place() && session.role == wire::ROLE_CACHE) {
    return tell_place(session, message.place());
  }
  if (message.has_change() && session.role == wire::ROLE_FRONTEND) {
    return change(session, message.change());
  }
  if (message.has_closed_shards() && session.role == wire::ROLE_BACKEND && session.joined) {
    return closed_shards(session, message.closed_shards());
  }
  if (message.has_renew_leases() && session.role == wire::ROLE_BACKEND && session.joined) {
    return send_leases(session, message.renew_leases().id());
  }
  out_of_place(message);
}

void MembershipServer::greet(Session& session, const wire::Hello& hello) {
  check_name(hello.name());
  if (!wire::Role_IsValid(hello.role()) || hello.role() == wire::ROLE_UNSPECIFIED) {
    throw wire::ProtocolError("hello without a role");
  }
  session.role = hello.role();
  session.name = hello.name();
  session.label = fmt::format("{} ({})", hello.name(), session.label);
  if (backends_.complete()) session.connection->send(configuration());
  if (session.role == wire::ROLE_CLIENT && members_.version() > 0) {
    session.connection->send(members());
  }
}

void MembershipServer::join(Session& session, const wire::Join& join) {
  const bool frontend = join.has_frontend() && session.role == wire::ROLE_FRONTEND;
  const bool backend = join.has_backend() && session.role == wire::ROLE_BACKEND;
  const bool cache = join.has_cache() && session.role == wire::ROLE_CACHE;
  if (!frontend && !backend && !cache)
    throw wire::ProtocolError("a join that does not fit the role");
  const std::string& name = frontend  ? join.frontend().name()
                            : backend ? join.backend().name()
                                      : join.cache().name();
  if (name != session.name) throw wire::ProtocolError("a join under another name than hello");
  if (frontend) return join_frontend(session, join.frontend());
  backend ? join_backend(session, join.backend()) : join_cache(session, join.cache());
}

void MembershipServer::join_backend(Session& session, const wire::Backend& backend) {
  const bool before = backends_.complete();
  backends_.join(backend);
  session.joined = true;
  log(fmt::format("{} joined, {} of {} backends", session.name, backends_.connected(),
                  options_.backends));
  if (backends_.complete()) {
    for (const auto& [key, other] : sessions_) {
      const bool newly = !before || key == session.connection.get();
      if (newly && other.joined && other.role == wire::ROLE_BACKEND) send_leases(other);
    }
    broadcast(configuration(),
              [](const Session& other) { return other.role != wire::ROLE_UNSPECIFIED; });
    // Its shards have another epoch, and mostly another address: another map.
    if (before && members_.renew()) return vend_members(session.name + " is back");
  }
  changed();
}

void MembershipServer::join_frontend(Session& session, const wire::Member& member) {
  // The first fleet is what was asked for, and no addition to anything.
  if (!options_.admission || members_.version() == 0) return admit(session, member);
  for (const Newcomer& other : newcomers_) {
    if (other.connection == session.connection) throw wire::ProtocolError("a join that was said");
  }
  newcomers_.push_back({session.connection, member});
  decide();
}

void MembershipServer::admit(Session& session, const wire::Member& member, std::uint32_t cell) {
  const bool vended = members_.join(member, cell);
  session.joined = true;
  frontend_watch_.check.joined(session.name);
  vended ? vend_members(session.name + " joined") : changed();
}

void MembershipServer::leave(Session& session, std::string_view why) {
  session.joined = false;
  if (session.role == wire::ROLE_BACKEND) {
    backends_.lost(session.name);
    log(fmt::format("{} is lost, {} of {} backends", session.name, backends_.connected(),
                    options_.backends));
    return changed();
  }
  if (session.role == wire::ROLE_CACHE) return leave_cache(session, why);
  frontend_watch_.check.gone(session.name);
  const bool vended = members_.leave(session.name);
  vended ? vend_members(fmt::format("{} {}", session.name, why)) : changed();
  decide();
}

void MembershipServer::closed(Connection* key, std::string_view reason) {
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return;
  Session session = std::move(found->second);
  sessions_.erase(found);
  std::erase_if(newcomers_, [key](const Newcomer& one) { return one.connection.get() == key; });
  if (session.role == wire::ROLE_FRONTEND) admission_.gone(session.name);
  if (!reason.empty()) {
    ++protocol_errors_;
    log(fmt::format("connection of {} closed: {}", session.label, reason));
  }
  if (session.joined) leave(session, "is gone");
}

void MembershipServer::change(const Session& session, const wire::Change& change) {
  Envelope envelope;
  wire::ChangeDone& done = *envelope.mutable_change_done();
  done.set_id(change.id());
  try {
    if (!backends_.complete()) throw ChangeError{"InternalFailure", "not all backends are there"};
    streams_.apply(change, now_ms());
  } catch (const ChangeError& error) {
    done.set_error(error.type);
    done.set_reason(error.reason);
    return session.connection->send(envelope);
  }
  if (change.has_split() || change.has_merge()) {
    // Answered when the owners have closed the shards and others have taken their place.
    const std::string id = streams_.id_of(change.account(), change.stream());
    asked_.push_back({session.connection, change.id(), id});
    return send_leases();
  }
  // First the configuration, so that who is told that a stream is made finds it there.
  streams_changed(fmt::format("stream {} of {} {}", change.stream(), change.account(),
                              change.has_create() ? "made" : "removed"));
  session.connection->send(envelope);
  answer_changes();
}

void MembershipServer::closed_shards(const Session& session, const wire::ClosedShards& said) {
  bool replaced = false;
  const auto leases = backends_.leases_of(session.name, streams_.streams());
  for (const wire::ClosedShard& closed : said.shards()) {
    if (!streams_.changing(closed.stream())) continue;  // said with every renewal
    const bool own = std::any_of(leases.begin(), leases.end(), [&](const wire::Lease& lease) {
      return lease.stream() == closed.stream() && lease.shard() == closed.shard() && lease.closed();
    });
    if (own && streams_.replace_closed({closed.stream(), closed.shard()}, closed.end())) {
      replaced = true;
    }
  }
  if (!replaced) return;
  streams_changed("shards split or merged");
  answer_changes();
}

void MembershipServer::answer_changes() {
  std::erase_if(asked_, [&](const Asked& asked) {
    if (streams_.changing(asked.stream)) return false;
    Envelope envelope;
    envelope.mutable_change_done()->set_id(asked.id);
    if (const auto connection = asked.by.lock()) connection->send(envelope);
    return true;
  });
}

void MembershipServer::streams_changed(const std::string& why) {
  send_leases();
  broadcast(configuration(), [](const Session& session) {
    return session.role == wire::ROLE_FRONTEND || session.role == wire::ROLE_CLIENT ||
           session.role == wire::ROLE_CACHE;
  });
  if (members_.renew()) vend_members(why);
}

void MembershipServer::send_leases() const {
  for (const auto& [key, session] : sessions_) {
    if (session.joined && session.role == wire::ROLE_BACKEND) send_leases(session);
  }
}

void MembershipServer::send_leases(const Session& session, std::uint64_t renewal) const {
  Envelope envelope;
  wire::Leases& leases = *envelope.mutable_leases();
  *leases.mutable_limits() = options_.limits;
  leases.set_renewal(renewal);
  leases.set_ttl_ms(static_cast<std::uint32_t>(options_.lease_ttl.count()));
  for (wire::Lease& lease : backends_.leases_of(session.name, streams_.streams())) {
    *leases.add_leases() = std::move(lease);
  }
  session.connection->send(envelope);
}

void MembershipServer::vend_members(const std::string& why) {
  log(fmt::format("version {}: {}, {} members", members_.version(), why, members_.size()));
  broadcast(members(), [](const Session& session) {
    return session.role == wire::ROLE_CLIENT ||
           ((session.role == wire::ROLE_FRONTEND || session.role == wire::ROLE_CACHE) &&
            session.joined);
  });
  changed();
}

void MembershipServer::broadcast(const Envelope& envelope, const Wanted& wanted) const {
  const std::string frame = wire::encode(envelope);
  for (const auto& [key, session] : sessions_) {
    if (wanted(session)) session.connection->send_frame(frame);
  }
}

Envelope MembershipServer::configuration() const {
  Envelope envelope;
  wire::Configuration& configuration = *envelope.mutable_configuration();
  configuration.set_threads_per_peer(options_.threads_per_peer);
  for (wire::Stream& stream : streams_.routed()) {
    *configuration.add_streams() = std::move(stream);
  }
  for (const std::string& account : options_.accounts) configuration.add_accounts(account);
  for (wire::Backend& backend : backends_.backends()) {
    *configuration.add_backends() = std::move(backend);
  }
  for (const auto& [name, cache] : caches_) *configuration.add_caches() = cache;
  return envelope;
}

Envelope MembershipServer::members() const {
  Envelope envelope;
  *envelope.mutable_members() = members_.message();
  return envelope;
}

wire::Status MembershipServer::status() const {
  wire::Status status;
  status.set_name(options_.name);
  status.set_address(address_);
  status.set_members_version(members_.version());
  status.set_members(static_cast<std::uint32_t>(members_.size()));
  status.set_backends(static_cast<std::uint32_t>(backends_.connected()));
  status.set_caches(static_cast<std::uint32_t>(caches_.size()));
  for (const auto& [name, removal] : silent_caches_) *status.add_silent_caches() = removal;
  status.set_protocol_errors(protocol_errors_);
  status.set_removals(removals_);
  for (const wire::Removal& removal : removed_) *status.add_removed() = removal;
  return status;
}

void MembershipServer::changed() {
  if (status_) status_->changed();
}

void MembershipServer::log(const std::string& text) const {
  wire::log_line(options_.name, text);
}

}  // namespace ceiling
