#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "workload/frontend/http_connection.h"
#include "workload/frontend/http_message.h"
#include "workload/frontend/reserved_acceptor.h"

namespace ceiling::frontend {

/// Listens for clients and serves `places` of them at once, all on the one thread of `executor`.
/// When somebody waits for a place, the connection that has been idle for the longest is closed,
/// and where none is idle, the one whose client has been slow for the longest.
class HttpListener {
 public:
  /// On loopback; `port` 0: the kernel chooses. Throws std::system_error when there are no
  /// descriptors for `places`, or the port is taken.
  HttpListener(const boost::asio::any_io_executor& executor, std::size_t places, HttpHooks hooks,
               HttpLimits limits = {}, std::uint16_t port = 0);

  std::string address() const { return acceptor_.address(); }

 private:
  void serve(boost::asio::ip::tcp::socket socket);
  using Clock = HttpConnection::Clock;
  using Since = std::optional<Clock::time_point> (HttpConnection::*)() const;
  bool make_room();
  /// Of those that have been so for `least`; nullptr where there is none.
  std::shared_ptr<HttpConnection> longest(Since since, Clock::duration least) const;

  std::shared_ptr<HttpService> service_;
  std::unordered_set<std::shared_ptr<HttpConnection>> connections_;
  ReservedAcceptor acceptor_;
};

}  // namespace ceiling::frontend
