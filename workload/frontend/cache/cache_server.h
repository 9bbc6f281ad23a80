#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "workload/frontend/backend_links.h"
#include "workload/frontend/owners.h"
#include "workload/frontend/reserved_acceptor.h"
#include "workload/protocol/connection.h"
#include "workload/protocol/status_server.h"

namespace ceiling::frontend {

struct CacheOptions {
  std::string name;
  std::string membership;  ///< address
  std::string status;      ///< as StatusServer has it
  std::string token;
  /// What `frontend` is given instead of `map`; a test build gives something else.
  std::function<wire::Slice(const std::string& frontend, wire::Slice map)> hand_out = nullptr;
};

/// Builds the map of every version, from membership and the backends, and hands it to the frontends
/// that subscribe: the guardrail cache-fleet. All on one event loop, no thread.
///
/// Every member has a place, whose descriptor is taken when the version comes that it is new in,
/// whether it has connected or not. So this process meets RLIMIT_NOFILE at a size of the fleet that
/// nothing else decides; whom it has no place for is told by membership, and asked again with the
/// next version. Who has a place keeps it, and gets every map.
class CacheServer {
 public:
  /// Listens from here on. Throws std::system_error.
  CacheServer(boost::asio::any_io_executor executor, CacheOptions options);

  std::string address() const { return acceptor_.address(); }

 private:
  using Subscriber = std::shared_ptr<wire::Connection>;

  void connect_to_membership();
  void receive(const wire::Envelope& message);
  void configure(const wire::Configuration& configuration);
  void follow(const wire::Members& members);
  void deal_places(const wire::Members& members);
  void say(const wire::Place& place);
  /// On the event loop that builds and hands out the maps: it is asked how that goes.
  void answer(const wire::HealthRequest& request);
  /// Builds the map of the newest version, when the backends have said what they own of it.
  void advance();
  void hand_over(const std::string& frontend);
  void serve(boost::asio::ip::tcp::socket socket);
  void welcome(const Subscriber& connection, const wire::Envelope& message);
  wire::Status snapshot() const;
  wire::Hello hello() const;
  void log(const std::string& text) const;

  boost::asio::any_io_executor executor_;
  CacheOptions options_;
  BackendLinks backends_;
  ReservedAcceptor acceptor_;
  std::shared_ptr<wire::Connection> membership_;
  std::optional<wire::Configuration> configuration_;  // the newest
  Owners owners_;
  /// A version with the configuration that it came with, until its map is built.
  struct Next {
    std::uint64_t version = 0;
    wire::Configuration configuration;
  };
  std::optional<Next> next_;
  bool joined_ = false;
  wire::Slice map_;
  std::uint32_t members_ = 0;
  std::map<std::string, Subscriber> places_;  // by frontend; nullptr: it is not connected
  std::optional<wire::Refusal> refusal_;
  std::uint64_t protocol_errors_ = 0;
  wire::StatusServer status_;
};

}  // namespace ceiling::frontend
