#include "workload/frontend/frontend.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "workload/frontend/clone_probe.h"
#include "workload/protocol/routes.h"

namespace ceiling::frontend {

Frontend::Frontend(Options options)
    : options_(std::move(options)),
      rooms_(options_.admission, options_.alarm_percent, options_.read_rooms, log()),
      builder_(map_, options_.staged_build || options_.cache_fleet,
               [this](bool published) { built(published); }),
      http_(
          map_, options_.token, hello(),
          {.ownership =
               [this](wire::Ownership ownership) {
                 post([this, ownership = std::move(ownership)] { learn(ownership); });
               },
           .log = log()},
          [this](wire::Change asked, kinesis::Service::Changed done) {
            change(std::move(asked), std::move(done));
          },
          options_.http_port),
      slices_(loop_.get_executor(), options_.token, log()),
      status_(loop_.get_executor(), options_.status, [this] { return snapshot(); }),
      loop_peers_(
          loop_.get_executor(), hello(),
          {.slice = [this](const wire::Slice& slice) { builder_.add(slice); }, .log = log()}),
      caches_(loop_.get_executor(), hello(),
              {.slice = [this](wire::Slice map) { cached(std::move(map)); }, .log = log()}),
      peers_(hello(), peer_hooks(), options_.thread_budget) {}

PeerThreads::Hooks Frontend::peer_hooks() {
  return {.slice =
              [this](wire::Slice slice) {
                post([this, slice = std::move(slice)] { builder_.add(slice); });
              },
          .add_place = [this] { slices_.add_place(); },
          .remove_place = [this] { slices_.remove_place(); },
          .on_loop =
              [this](const wire::Member& member, auto part, auto parts, Descriptor socket) {
                const auto shared = std::make_shared<Descriptor>(std::move(socket));
                post([this, member, part, parts, shared] {
                  loop_peers_.add(member, part, parts, std::move(*shared));
                  status_.changed();
                });
              },
          .off_loop =
              [this](const std::string& name) {
                post([this, name] {
                  loop_peers_.remove(name);
                  status_.changed();
                });
              },
          .refused =
              [this](wire::Refusal refusal) {
                post([this, refusal = std::move(refusal)] { refused(refusal); });
              },
          .made = [this](auto version) { post([this, version] { made(version); }); },
          .count_tasks = options_.count_tasks,
          .probe = options_.probe ? clone_probe : std::function<int()>(),
          .log = log()};
}

int Frontend::run() {
  boost::asio::signal_set signals(loop_, SIGTERM, SIGINT);
  signals.async_wait([this](auto, int) { loop_.stop(); });
  if (start_threads()) connect_to_membership();
  loop_.run();
  return exit_status_;
}

bool Frontend::start_threads() {
  wire::Refusal refusal;
  try {
    refusal.set_creating("creator");
    peers_.start();
    refusal.set_creating("http");
    http_.start();
    return true;
  } catch (const std::system_error& error) {
    refusal.set_error(error.code().value());
    if (options_.probe) {
      refusal.set_probed(true);
      refusal.set_probe_error(clone_probe());
    }
    refusal.set_tasks(options_.count_tasks());
    refusal.set_phase("start");
    refusal.set_count(1);
    refused(refusal);
    return false;
  }
}

void Frontend::connect_to_membership() {
  wire::connect(loop_.get_executor(), options_.membership,
                [this](auto connection, const std::string& reason) {
                  if (!connection) {
                    log()(reason);
                    exit_status_ = 1;
                    return loop_.stop();
                  }
                  membership_ = connection;
                  membership_->start([this](const wire::Envelope& message) { receive(message); },
                                     [this](std::string_view why) {
                                       log()(fmt::format("membership is gone: {}", why));
                                       exit_status_ = 1;
                                       loop_.stop();
                                     });
                  wire::Envelope envelope;
                  *envelope.mutable_hello() = hello();
                  membership_->send(envelope);
                });
}

void Frontend::receive(const wire::Envelope& message) {
  if (message.has_configuration()) return configure(message.configuration());
  if (message.has_members()) return follow(message.members());
  if (message.has_not_admitted()) return kept_out(message.not_admitted());
  if (message.has_place()) return placed(message.place());
  if (message.has_health_request()) return answer(message.health_request());
  if (message.has_removed()) return removed(message.removed());
  if (message.has_change_done()) {
    if (auto asked = changes_.extract(message.change_done().id())) {
      asked.mapped()(message.change_done());
    }
    return;
  }
  if (message.has_rejected()) throw wire::ProtocolError("rejected: " + message.rejected().reason());
  throw wire::ProtocolError("expected configuration or members");
}

void Frontend::configure(const wire::Configuration& configuration) {
  configuration_ = configuration;
  http_.use(configuration);
  if (options_.cache_fleet) keep_to_caches();
  if (!joined_) join();  // what it names may have been owned before it came
}

void Frontend::learn(const wire::Ownership& ownership) {
  owners_.learn(ownership);
  // Another owner is another version: what was announced of this one stays.
  joined_ ? advance() : join();
}

void Frontend::join() {
  // There would be nothing to announce.
  if (!configuration_ || !owners_.of_all(*configuration_)) return;
  joined_ = true;
  read_room();
  wire::Envelope envelope;
  wire::Member& self = *envelope.mutable_join()->mutable_frontend();
  self.set_name(options_.name);
  self.set_peer_address(slices_.address());
  self.set_http_address(http_.address());
  membership_->send(envelope);
}

void Frontend::follow(const wire::Members& members) {
  if (members.version() <= members_.version() || !configuration_) return;
  next_ = Next{members, *configuration_};
  advance();
}

void Frontend::advance() {
  if (!next_ || !owners_.of_all(next_->configuration)) return;
  members_ = std::move(next_->members);
  current_ = std::move(next_->configuration);
  next_.reset();
  keep_to_cell();
  const wire::Members& members = members_;
  const std::uint32_t parts = current_.threads_per_peer();
  std::vector<wire::Member> peers;
  std::set<std::pair<std::string, std::uint32_t>> needed{{options_.name, 0}};
  if (options_.cache_fleet) needed = {kOfCaches};
  for (const wire::Member& member : members.members()) {
    if (member.name() == options_.name || options_.cache_fleet) continue;
    peers.push_back(member);
    for (std::uint32_t part = 0; part < parts; ++part) needed.emplace(member.name(), part);
  }
  const std::vector<wire::Stream> streams(current_.streams().begin(), current_.streams().end());
  builder_.begin(members.version(), streams, std::move(needed));
  announce();
  peers_.want(members.version(), std::move(peers), parts);
  if (options_.cache_fleet) fail_without_source();
}

/// Who is in another cell is no peer, and nothing is heard of its part of the map.
void Frontend::keep_to_cell() {
  auto& members = *members_.mutable_members();
  const auto self = std::find_if(members.begin(), members.end(), [this](const auto& member) {
    return member.name() == options_.name;
  });
  if (self == members.end()) return;
  cell_ = self->cell();
  members.erase(std::remove_if(members.begin(), members.end(),
                               [this](const auto& member) { return member.cell() != cell_; }),
                members.end());
}

/// Those that rendezvous hashing over the members gives us to announce.
std::vector<wire::Route> Frontend::own_slice() const {
  std::vector<std::string> names;
  for (const wire::Member& member : members_.members()) names.push_back(member.name());
  if (names.empty()) return {};
  std::vector<wire::Route> routes = owners_.routes(current_);
  std::erase_if(routes, [&](const wire::Route& route) {
    const int number = static_cast<int>(route.shard());
    return names[wire::announcer(names, route.stream(), number)] != options_.name;
  });
  return routes;
}

wire::Slice Frontend::slice_of(const std::vector<wire::Route>& routes) const {
  wire::Slice slice;
  slice.set_version(members_.version());
  slice.set_sender(options_.name);
  slice.mutable_routes()->Add(routes.begin(), routes.end());
  return slice;
}

void Frontend::announce() {
  if (members_.version() == 0 || options_.cache_fleet) return;
  if (options_.authoritative_bootstrap && !builder_.in_service()) {
    builder_.publish_first(slice_of(owners_.routes(current_)));
  }
  const std::vector<wire::Route> routes = own_slice();
  slices_.announce(members_.version(), options_.name, routes, current_.threads_per_peer());
  builder_.add(slice_of(routes));
}

void Frontend::refused(const wire::Refusal& refusal) {
  refusal_ = refusal;
  const bool of_descriptors = refusal.error() == EMFILE || refusal.error() == ENFILE;
  const std::string reason = fmt::format(
      "{} for {} refused with {} tasks: {}", of_descriptors ? "descriptor" : "thread",
      refusal.creating(), refusal.tasks(), std::generic_category().message(refusal.error()));
  log()(reason);
  status_.changed();
  builder_.fail(refusal.version(), reason);
}

void Frontend::made(std::uint64_t version) {
  if (version != members_.version()) return;
  read_room();
  status_.changed();
}

/// With the threads of the version that it is at, or, at its start, with those that it begins with.
void Frontend::read_room() {
  if (!rooms_.on()) return;
  slices_.lend(kDescriptorsOfReading,
               [this](int lent) { rooms_.read(members_.version(), lent, threads_to_come()); });
  if (!options_.admission) return;
  wire::Envelope envelope;
  *envelope.mutable_headroom() = rooms_.headroom();
  membership_->send(envelope);
}

/// Of peers, with a budget.
std::optional<std::uint64_t> Frontend::threads_to_come() const {
  if (!options_.thread_budget) return std::nullopt;
  const std::uint64_t parts = std::max(1U, configuration_->threads_per_peer());
  const std::uint64_t peers = std::max(0, members_.members_size() - 1);
  const std::uint64_t threaded = *options_.thread_budget / parts;
  return (threaded - std::min(peers, threaded)) * parts;
}

void Frontend::kept_out(const wire::NotAdmitted& why) {
  not_admitted_ = why;
  const wire::Room& room = why.room();
  log()(room.limit().empty()
            ? fmt::format("not admitted: {} does not say what room it has", why.member())
            : fmt::format("not admitted: under {} of {} ({}) {} threads are left, it takes {}",
                          room.limit(), why.member(), room.scope(), room.left(), why.needed()));
  status_.changed();
}

/// On the event loop that fills the map: what is behind with that is late with this.
void Frontend::answer(const wire::HealthRequest& request) {
  wire::Envelope envelope;
  envelope.mutable_health()->set_id(request.id());
  membership_->send(envelope);
}

void Frontend::removed(const wire::Removed& removed) {
  log()(wire::RemovedByMembership(removed.silent_ms()).what());
  exit_status_ = wire::kRemoved;
  loop_.stop();
}

void Frontend::built(bool published) {
  const wire::Build& build = builder_.state();
  if (build.state() == wire::BUILD_FAILED) {
    log()(fmt::format("shard-map {} not built: {}", build.version(), build.reason()));
  }
  if (!published) return status_.changed();
  http_.map_changed();
  const wire::PublishedMap map = map_.describe();
  status_.changed(&map);
}

/// From the http thread; `done` is called on it, once.
void Frontend::change(wire::Change change, kinesis::Service::Changed done) {
  post([this, asked = std::move(change), done = std::move(done)]() mutable {
    const std::uint64_t id = next_change_++;
    asked.set_id(id);
    changes_[id] = [this, done = std::move(done)](const wire::ChangeDone& answer) {
      http_.post([done, answer] { done(answer); });
    };
    wire::Envelope envelope;
    *envelope.mutable_change() = std::move(asked);
    membership_->send(envelope);
  });
}

wire::Status Frontend::snapshot() const {
  wire::Status status;
  status.set_name(options_.name);
  status.set_role(wire::ROLE_FRONTEND);
  status.set_members_version(members_.version());
  status.set_members(static_cast<std::uint32_t>(members_.members_size()));
  *status.mutable_build() = builder_.state();
  // A version is over when its room has been read too.
  const bool unread = rooms_.on() && rooms_.headroom().version() != members_.version();
  if (unread && builder_.state().state() == wire::BUILD_COMPLETE) {
    status.mutable_build()->set_state(wire::BUILD_RUNNING);
  }
  *status.mutable_map() = map_.describe();
  if (refusal_) *status.mutable_refusal() = *refusal_;
  status.set_in_service(builder_.in_service());
  status.set_peer_address(slices_.address());
  status.set_http_address(http_.address());
  if (not_admitted_) *status.mutable_not_admitted() = *not_admitted_;
  if (rooms_.alarm()) *status.mutable_alarm() = *rooms_.alarm();
  if (options_.staged_build) status.add_guardrails("staged-build");
  if (options_.authoritative_bootstrap) status.add_guardrails("authoritative-bootstrap");
  if (options_.admission) status.add_guardrails("admission");
  if (options_.alarm_percent > 0) status.add_guardrails("alarm");
  if (options_.thread_budget) status.add_guardrails("multiplex");
  if (options_.cache_fleet) {
    status.add_guardrails("cache-fleet");
    status.set_caches(places());
    status.set_no_source(configuration_ && configuration_->caches().empty());
  }
  if (cell_ > 0) status.add_guardrails("cells");
  status.set_cell(cell_);
  status.set_peers_on_loop(static_cast<std::uint32_t>(loop_peers_.size()));
  status.set_protocol_errors(slices_.protocol_errors());
  return status;
}

wire::Hello Frontend::hello() const {
  wire::Hello hello;
  hello.set_token(options_.token);
  hello.set_role(wire::ROLE_FRONTEND);
  hello.set_name(options_.name);
  return hello;
}

void Frontend::post(std::function<void()> task) {
  boost::asio::post(loop_, std::move(task));
}

std::function<void(std::string)> Frontend::log() const {
  return [name = options_.name](const std::string& text) { wire::log_line(name, text); };
}

}  // namespace ceiling::frontend
