#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "workload/frontend/backend_links.h"
#include "workload/frontend/http_listener.h"
#include "workload/frontend/shard_map.h"

namespace ceiling::frontend {

/// What clients reach, on one thread of its own: HTTP/1.1 and HTTP/2 as http_api.h has it. A
/// request is routed by the published map; a shard that it cannot route is answered 500
/// InternalFailure, as in the outage. kMostClients are served at once, further ones wait for an
/// idle one to be closed.
class HttpServer {
 public:
  HttpServer(const PublishedMap& map, std::string token, wire::Hello hello,
             BackendLinks::Hooks hooks);
  ~HttpServer();

  /// Starts the http thread. Throws std::system_error when it is refused.
  void start();
  /// Any thread may call these.
  void use(std::vector<wire::Backend> backends);
  const std::string& address() const { return address_; }

 private:
  class Call;
  static constexpr std::size_t kMostClients = 64;

  boost::asio::io_context loop_{1};
  const PublishedMap& map_;
  std::string token_;
  BackendLinks backends_;
  HttpListener listener_;
  std::string address_;
  std::thread thread_;
};

}  // namespace ceiling::frontend
