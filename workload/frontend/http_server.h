#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "workload/frontend/backend_links.h"
#include "workload/frontend/http_listener.h"
#include "workload/frontend/kinesis/service.h"
#include "workload/frontend/shard_map.h"

namespace ceiling::frontend {

/// What clients reach, on one thread of its own: the API (kinesis/service.h) by HTTP/1.1 and
/// HTTP/2. kMostClients are served at once, further ones wait for an idle one to be closed.
class HttpServer {
 public:
  /// On loopback; `port` 0: the kernel chooses.
  HttpServer(const PublishedMap& map, std::string token, wire::Hello hello,
             BackendLinks::Hooks hooks, kinesis::Service::Change change, std::uint16_t port);
  ~HttpServer();

  /// Starts the http thread. Throws std::system_error when it is refused.
  void start();
  /// Any thread may call these.
  void use(const wire::Configuration& configuration);
  void map_changed();
  void post(std::function<void()> task) { boost::asio::post(loop_, std::move(task)); }
  const std::string& address() const { return address_; }

 private:
  static constexpr std::size_t kMostClients = 64;

  boost::asio::io_context loop_{1};
  BackendLinks backends_;
  kinesis::Service service_;
  HttpListener listener_;
  std::string address_;
  std::thread thread_;
};

}  // namespace ceiling::frontend
