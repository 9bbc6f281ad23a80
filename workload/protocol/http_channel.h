#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ceiling {

/// How one HTTP exchange ended.
struct Exchange {
  enum class End {
    answered,  ///< `status` and `body` are what the other side said
    not_sent,  ///< no byte of the request left: no connection
    lost       ///< the request was sent, and no whole answer came
  };
  End end = End::not_sent;
  unsigned status = 0;
  std::string body;
  std::string problem;     ///< why there is no answer
  bool timed_out = false;  ///< that is why
};

/// One HTTP/1.1 connection to one address, on the event loop of one thread: opened when it is first
/// needed, kept alive, opened anew when the other side has closed it in between. Exchanges run one
/// at a time. While one is under way the channel keeps itself alive; after that the connection
/// closes with the last reference.
class HttpChannel : public std::enable_shared_from_this<HttpChannel> {
 public:
  using Done = std::function<void(Exchange)>;

  /// `timeout` is for the whole exchange, connecting included.
  HttpChannel(boost::asio::any_io_executor executor, boost::asio::ip::tcp::endpoint peer,
              std::chrono::milliseconds timeout);

  /// Sends `request`, the bytes of a whole HTTP request. `done` is called once, never from within
  /// this call. Requires that no exchange is under way.
  void exchange(std::string request, Done done);

  /// Closes the connection; an exchange that is under way ends untold, and what waits for it is let
  /// go.
  void abandon();

  /// Longer answers are refused: the exchange is `lost`.
  static constexpr std::size_t kMaxAnswerBytes = 1 << 20;

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

  bool still_connected();
  void connect();
  void send();
  void receive();
  void answered();
  void give_up(Exchange::End end, const boost::system::error_code& error);
  void finish(Exchange exchange);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  boost::asio::ip::tcp::endpoint peer_;
  std::chrono::milliseconds timeout_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::string request_;
  Done done_;  // empty while no exchange is under way
  std::size_t exchanges_ = 0;
  bool timed_out_ = false;
};

}  // namespace ceiling
