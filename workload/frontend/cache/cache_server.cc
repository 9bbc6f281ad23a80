#include "workload/frontend/cache/cache_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "workload/protocol/process.h"
#include "workload/protocol/routes.h"

namespace ceiling::frontend {
namespace {

/// For those who connect and have no place, so that they are told.
constexpr std::size_t kStrangers = 8;

[[noreturn]] void without_membership(const std::string& why) {
  throw boost::system::system_error(boost::asio::error::not_connected, why);
}

}  // namespace

CacheServer::CacheServer(boost::asio::any_io_executor executor, CacheOptions options)
    : executor_(executor),
      options_(std::move(options)),
      backends_(executor, hello(),
                {.ownership =
                     [this](const wire::Ownership& ownership) {
                       owners_.learn(ownership);
                       advance();
                     },
                 .log = [this](const std::string& text) { log(text); }}),
      acceptor_(executor, kStrangers, [this](auto socket) { serve(std::move(socket)); }),
      status_(executor, options_.status, [this] { return snapshot(); }) {
  wire::own_tasks();  // there may be no descriptor for its file later
  connect_to_membership();
}

void CacheServer::connect_to_membership() {
  wire::connect(executor_, options_.membership, [this](auto connection, const std::string& reason) {
    if (!connection) without_membership(reason);
    membership_ = connection;
    membership_->start([this](const wire::Envelope& message) { receive(message); },
                       [](std::string_view why) {
                         without_membership(fmt::format("membership is gone: {}", why));
                       });
    wire::Envelope envelope;
    *envelope.mutable_hello() = hello();
    membership_->send(envelope);
  });
}

void CacheServer::receive(const wire::Envelope& message) {
  if (message.has_configuration()) return configure(message.configuration());
  if (message.has_members()) return follow(message.members());
  if (message.has_health_request()) return answer(message.health_request());
  if (message.has_removed()) throw wire::RemovedByMembership(message.removed().silent_ms());
  if (message.has_rejected()) throw wire::ProtocolError("rejected: " + message.rejected().reason());
  throw wire::ProtocolError("expected configuration or members");
}

void CacheServer::configure(const wire::Configuration& configuration) {
  configuration_ = configuration;
  backends_.use({configuration.backends().begin(), configuration.backends().end()});
  if (std::exchange(joined_, true)) return;
  wire::Envelope envelope;
  wire::CacheServer& self = *envelope.mutable_join()->mutable_cache();
  self.set_name(options_.name);
  self.set_address(address());
  membership_->send(envelope);
}

void CacheServer::follow(const wire::Members& members) {
  if (!configuration_) throw wire::ProtocolError("members before a configuration");
  members_ = static_cast<std::uint32_t>(members.members_size());
  next_ = Next{members.version(), *configuration_};
  deal_places(members);
  advance();
}

void CacheServer::deal_places(const wire::Members& members) {
  std::set<std::string> names;
  for (const wire::Member& member : members.members()) names.insert(member.name());
  std::erase_if(places_, [&](const auto& entry) {
    if (names.contains(entry.first)) return false;
    if (entry.second) entry.second->close();
    acceptor_.remove_place();
    return true;
  });
  for (const wire::Member& member : members.members()) {
    if (places_.contains(member.name())) continue;
    wire::Place place;
    place.set_frontend(member.name());
    try {
      acceptor_.add_place();
      places_[member.name()] = nullptr;
    } catch (const std::system_error& refused) {
      wire::Refusal& refusal = *place.mutable_refusal();
      refusal.set_error(refused.code().value());
      refusal.set_tasks(wire::own_tasks());
      refusal.set_version(members.version());
      refusal.set_phase("build");
      refusal.set_creating(fmt::format("place for {} at {}", member.name(), options_.name));
      refusal.set_count((refusal_ ? refusal_->count() : 0) + 1);
      refusal_ = refusal;
      log(fmt::format("no place for {}: {}", member.name(), refused.what()));
    }
    say(place);
  }
}

void CacheServer::answer(const wire::HealthRequest& request) {
  wire::Envelope envelope;
  envelope.mutable_health()->set_id(request.id());
  membership_->send(envelope);
}

void CacheServer::say(const wire::Place& place) {
  wire::Envelope envelope;
  *envelope.mutable_place() = place;
  membership_->send(envelope);
}

void CacheServer::advance() {
  if (!next_ || !owners_.of_all(next_->configuration)) return;
  const std::vector<wire::Route> routes = owners_.routes(next_->configuration);
  map_.Clear();
  map_.set_version(next_->version);
  map_.set_sender(options_.name);
  map_.mutable_routes()->Add(routes.begin(), routes.end());
  map_.set_checksum(wire::checksum(map_));
  next_.reset();
  for (const auto& [frontend, connection] : places_) hand_over(frontend);
  status_.changed();
}

void CacheServer::hand_over(const std::string& frontend) {
  const Subscriber& connection = places_.at(frontend);
  if (!connection || map_.version() == 0) return;
  wire::Envelope envelope;
  wire::Slice& given = *envelope.mutable_slice();
  given = options_.hand_out ? options_.hand_out(frontend, map_) : map_;
  if (options_.hand_out) given.set_checksum(wire::checksum(given));
  connection->send(envelope);
}

void CacheServer::serve(boost::asio::ip::tcp::socket socket) {
  auto connection = std::make_shared<wire::Connection>(std::move(socket));
  wire::start_listener(
      connection, [this](const auto& self, const auto& message) { welcome(self, message); },
      [this, key = connection.get()](std::string_view reason) {
        acceptor_.closed();
        for (auto& [frontend, subscriber] : places_) {
          if (subscriber.get() == key) subscriber = nullptr;
        }
        status_.changed();
        if (reason.empty()) return;
        ++protocol_errors_;
        log(fmt::format("connection of a subscriber closed: {}", reason));
      });
}

void CacheServer::welcome(const Subscriber& connection, const wire::Envelope& message) {
  const wire::Hello& hello = wire::check_hello(message, options_.token);
  const auto place = places_.find(hello.name());
  if (hello.role() != wire::ROLE_FRONTEND || place == places_.end()) {
    throw wire::ProtocolError("there is no place for " + hello.name());
  }
  if (place->second) place->second->close();
  place->second = connection;
  hand_over(hello.name());
  status_.changed();
}

wire::Status CacheServer::snapshot() const {
  wire::Status status;
  status.set_name(options_.name);
  status.set_role(wire::ROLE_CACHE);
  status.set_address(address());
  status.set_members_version(map_.version());
  status.set_members(members_);
  status.set_subscribers(static_cast<std::uint32_t>(std::count_if(
      places_.begin(), places_.end(), [](const auto& place) { return place.second != nullptr; })));
  if (refusal_) *status.mutable_refusal() = *refusal_;
  status.set_protocol_errors(protocol_errors_);
  return status;
}

wire::Hello CacheServer::hello() const {
  wire::Hello hello;
  hello.set_token(options_.token);
  hello.set_role(wire::ROLE_CACHE);
  hello.set_name(options_.name);
  return hello;
}

void CacheServer::log(const std::string& text) const {
  wire::log_line(options_.name, text);
}

}  // namespace ceiling::frontend
