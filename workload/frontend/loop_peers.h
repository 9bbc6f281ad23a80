#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "cgroups/descriptor.h"
#include "workload/protocol/connection.h"

namespace ceiling::frontend {

/// Connections to other frontends that no thread serves: all of them on the event loop, with the
/// guardrail multiplex. Each connects, says hello and hands over the slices that its peer
/// announces, as a peer thread does. Lives on the executor.
class LoopPeers {
 public:
  struct Hooks {
    std::function<void(wire::Slice)> slice;
    std::function<void(std::string)> log;
  };

  LoopPeers(boost::asio::any_io_executor executor, wire::Hello hello, Hooks hooks)
      : executor_(std::move(executor)), hello_(std::move(hello)), hooks_(std::move(hooks)) {}

  /// `socket` is not connected yet. A connection to that peer and part that there is goes.
  void add(const wire::Member& member, std::uint32_t part, std::uint32_t parts, Descriptor socket);
  /// Ends all connections to that peer.
  void remove(const std::string& name);
  /// Connections, whether they stand or not.
  std::size_t size() const { return peers_.size(); }

 private:
  struct Peer : std::enable_shared_from_this<Peer> {
    wire::Member member;
    std::uint32_t part = 0;
    std::uint32_t parts = 0;
    std::shared_ptr<wire::Connection> connection;
    std::shared_ptr<boost::asio::steady_timer> pause;
    bool ended = false;

    void end();
  };

  void connect(const std::shared_ptr<Peer>& peer, Descriptor socket);
  void talk(const std::shared_ptr<Peer>& peer);
  void connect_again(const std::shared_ptr<Peer>& peer, std::string_view why);

  boost::asio::any_io_executor executor_;
  wire::Hello hello_;
  Hooks hooks_;
  std::map<std::pair<std::string, std::uint32_t>, std::shared_ptr<Peer>> peers_;
};

}  // namespace ceiling::frontend
