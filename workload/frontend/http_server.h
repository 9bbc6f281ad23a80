#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "workload/frontend/backend_links.h"
#include "workload/frontend/reserved_acceptor.h"
#include "workload/frontend/shard_map.h"

namespace ceiling::frontend {

/// What clients reach, on one thread of its own: HTTP/1.1 with keep-alive as http_api.h has it. A
/// request is routed by the published map; a shard that it cannot route is answered 500
/// InternalFailure, as in the outage. kMostClients are served at once, further ones wait.
class HttpServer {
 public:
  /// On loopback; `port` 0: the kernel chooses.
  HttpServer(const PublishedMap& map, std::string token, wire::Hello hello,
             BackendLinks::Hooks hooks, std::uint16_t port);
  ~HttpServer();

  /// Starts the http thread. Throws std::system_error when it is refused.
  void start();
  /// Any thread may call these.
  void use(std::vector<wire::Backend> backends);
  const std::string& address() const { return address_; }

 private:
  class Session;
  static constexpr std::size_t kMostClients = 64;

  boost::asio::io_context loop_{1};
  const PublishedMap& map_;
  std::string token_;
  std::function<void(std::string)> log_;
  BackendLinks backends_;
  ReservedAcceptor acceptor_;
  std::string address_;
  std::thread thread_;
};

}  // namespace ceiling::frontend
