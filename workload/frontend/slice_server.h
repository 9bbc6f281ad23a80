#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workload/frontend/reserved_acceptor.h"
#include "workload/protocol/connection.h"

namespace ceiling::frontend {

/// Announces our part of the shard-map to the other frontends that have connected, from the event
/// loop: no thread is needed to serve a peer, only to listen to one. So a frontend that is refused
/// threads does not starve its peers. One that is refused descriptors does: it accepts as many
/// connections as it has places.
class SliceServer {
 public:
  SliceServer(const boost::asio::any_io_executor& executor, std::string token,
              std::function<void(std::string)> log);

  std::string address() const { return acceptor_.address(); }
  /// From any thread: room for one more connection, and for one less. add_place() throws
  /// std::system_error when there is no descriptor for it.
  void add_place() { acceptor_.add_place(); }
  void remove_place() { acceptor_.remove_place(); }
  /// As ReservedAcceptor has it.
  void lend(int most, const std::function<void(int)>& use) { acceptor_.lend(most, use); }
  /// Splits `routes` over `parts` slices (a connection carries its own part) and sends them to all.
  void announce(std::uint64_t version, const std::string& sender,
                const std::vector<wire::Route>& routes, std::uint32_t parts);
  std::uint64_t protocol_errors() const { return protocol_errors_; }

 private:
  struct Listener {
    std::shared_ptr<wire::Connection> connection;
    std::uint32_t part = 0;
  };
  void serve(boost::asio::ip::tcp::socket socket);
  void welcome(const std::shared_ptr<wire::Connection>& connection, const wire::Envelope& message);

  std::string token_;
  std::function<void(std::string)> log_;
  ReservedAcceptor acceptor_;
  std::vector<Listener> listeners_;
  std::vector<std::string> frames_;  // of the present version, by part
  std::uint64_t protocol_errors_ = 0;
};

}  // namespace ceiling::frontend
