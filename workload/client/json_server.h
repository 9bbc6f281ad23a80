#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <string>

namespace ceiling {

/// A small HTTP/1.1 server on loopback that answers with JSON, on the event loop of one thread.
class JsonServer {
 public:
  /// To be called once for each request, from wherever and whenever it is known.
  using Respond = std::function<void(unsigned status, const std::string& json)>;
  /// `what`: method and target, "GET /health".
  using Handler = std::function<void(const std::string& what, Respond)>;

  /// `port` 0: the kernel chooses. Must outlive the running of the event loop. Throws
  /// boost::system::system_error.
  JsonServer(boost::asio::any_io_executor executor, std::uint16_t port, Handler handler);

  std::string address() const;

 private:
  boost::asio::ip::tcp::acceptor acceptor_;
  Handler handler_;
};

}  // namespace ceiling
