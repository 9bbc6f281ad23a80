#include "workload/frontend/backend_links.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace ceiling::frontend {

struct BackendLinks::Asked {
  Done done;
  std::chrono::steady_clock::time_point at;
};

struct BackendLinks::Link {
  explicit Link(const boost::asio::any_io_executor& executor) : retry(executor) {}
  std::shared_ptr<wire::Connection> connection;
  std::unordered_map<std::uint64_t, Asked> waiting;
  boost::asio::steady_timer retry;

  void drop() {
    for (auto& [id, asked] : std::exchange(waiting, {})) asked.done(nullptr);
  }
};

BackendLinks::BackendLinks(boost::asio::any_io_executor executor, wire::Hello hello, Hooks hooks,
                           std::chrono::milliseconds patience)
    : executor_(std::move(executor)),
      hello_(std::move(hello)),
      hooks_(std::move(hooks)),
      patience_(patience),
      timer_(executor_) {}

void BackendLinks::use(const std::vector<wire::Backend>& backends) {
  std::map<std::string, std::shared_ptr<Link>> kept;
  for (const wire::Backend& backend : backends) {
    if (auto found = links_.extract(backend.address())) kept.insert(std::move(found));
  }
  for (auto& [address, link] : std::exchange(links_, std::move(kept))) {
    link->retry.cancel();
    if (link->connection) link->connection->close();
    link->drop();
  }
  for (const wire::Backend& backend : backends) {
    auto& link = links_[backend.address()];
    if (link) continue;
    link = std::make_shared<Link>(executor_);
    open(backend.address());
  }
}

void BackendLinks::open(const std::string& address) {
  wire::connect(executor_, address, [this, address](auto connection, const std::string& reason) {
    const auto found = links_.find(address);
    if (found == links_.end()) return;
    if (!connection) return lost(address, reason);
    const auto link = found->second;
    link->connection = connection;
    connection->start(
        [this, weak = std::weak_ptr(link)](const wire::Envelope& message) {
          if (const auto self = weak.lock()) receive(*self, message);
        },
        [this, address](std::string_view why) {
          lost(address, fmt::format("backend {}: {}", address, why.empty() ? "closed" : why));
        });
    wire::Envelope envelope;
    *envelope.mutable_hello() = hello_;
    connection->send(envelope);
  });
}

void BackendLinks::lost(const std::string& address, const std::string& reason) {
  const auto found = links_.find(address);
  if (found == links_.end()) return;
  hooks_.log(reason);
  const auto link = found->second;
  link->connection.reset();
  link->drop();
  link->retry.expires_after(std::chrono::milliseconds(200));
  link->retry.async_wait([this, address](boost::system::error_code error) {
    if (!error && links_.contains(address)) open(address);
  });
}

void BackendLinks::receive(Link& link, const wire::Envelope& message) {
  std::uint64_t id = 0;
  if (message.has_ownership()) return hooks_.ownership(message.ownership());
  if (message.has_put_done()) {
    id = message.put_done().id();
  } else if (message.has_get_done()) {
    id = message.get_done().id();
  } else {
    throw wire::ProtocolError("expected an answer of a backend");
  }
  if (auto waiting = link.waiting.extract(id)) waiting.mapped().done(&message);
}

void BackendLinks::call(const std::string& address, wire::Envelope request, Done done) {
  const auto found = links_.find(address);
  if (found == links_.end() || !found->second->connection) return done(nullptr);
  const std::uint64_t id = next_id_++;
  if (request.has_put()) {
    request.mutable_put()->set_id(id);
  } else {
    request.mutable_get()->set_id(id);
  }
  found->second->waiting.emplace(id, Asked{std::move(done), std::chrono::steady_clock::now()});
  found->second->connection->send(request);
  watch();
}

/// Looks ten times within the patience, for as long as anything is waited for.
void BackendLinks::watch() {
  if (std::exchange(watching_, true)) return;
  timer_.expires_after(patience_ / 10);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    watching_ = false;
    give_up();
    const bool waited_for = std::any_of(links_.begin(), links_.end(), [](const auto& link) {
      return !link.second->waiting.empty();
    });
    if (waited_for) watch();
  });
}

void BackendLinks::give_up() {
  const auto latest = std::chrono::steady_clock::now() - patience_;
  std::vector<Done> given_up;
  for (auto& [address, link] : links_) {
    std::erase_if(link->waiting, [&](auto& entry) {
      if (entry.second.at > latest) return false;
      given_up.push_back(std::move(entry.second.done));
      return true;
    });
  }
  for (const Done& done : given_up) done(nullptr);
}

}  // namespace ceiling::frontend
