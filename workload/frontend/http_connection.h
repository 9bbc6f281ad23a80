#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "workload/frontend/http_exchange.h"
#include "workload/frontend/http_protocol.h"

namespace ceiling::frontend {

/// Serves one accepted socket, by HTTP/1.1 or by HTTP/2 as its first bytes say, until either side
/// closes. Reads nothing while something is written, so a client that does not read is not read
/// from either. An idle connection holds 1.3 KiB; with HTTP/2 15 KiB.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  using Clock = HttpProtocol::Clock;
  /// Called once, to close the socket; its owner may let go of the connection then.
  using Close = std::function<void(HttpConnection&, boost::asio::ip::tcp::socket&)>;

  HttpConnection(boost::asio::ip::tcp::socket socket, std::shared_ptr<HttpService> service,
                 Close close);

  /// From here on its owner keeps it until `close` is called.
  void start();
  /// Since when it has been idle; nothing while it is not, or when the client has just sent
  /// something.
  std::optional<Clock::time_point> idle_since() const;
  /// As of HttpProtocol; also of one whose client does not take what there is to be said.
  std::optional<Clock::time_point> slow_since() const;
  /// Closes an idle or slow connection.
  void leave();

 private:
  void step();
  void write();
  void read();
  void receive();
  void decide();
  void answer(std::uint32_t id, HttpResponse response);
  void linger();
  void arm();
  void expire();
  void close();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<HttpService> service_;
  Close close_;
  std::unique_ptr<HttpProtocol> protocol_;
  Clock::time_point connected_;
  bool decided_ = false;   // whether it is HTTP/2
  bool fresh_ = true;      // has said nothing yet
  bool stepping_ = false;  // a handler may answer at once
  bool waiting_ = false;
  bool writing_ = false;
  std::optional<Clock::time_point> lingering_since_;
  Clock::time_point write_began_;
  Clock::time_point timer_at_ = Clock::time_point::max();
};

}  // namespace ceiling::frontend
