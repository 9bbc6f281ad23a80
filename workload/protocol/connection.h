#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "workload/protocol/wire.h"

namespace ceiling::wire {

/// Messages in both directions over one stream socket, on the event loop of one thread. Keeps
/// itself alive while it is open. An idle connection holds a few hundred bytes.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  /// May throw ProtocolError to say that a message is out of place: the connection is closed.
  using OnMessage = std::function<void(Envelope)>;
  /// Called once. `reason` is empty when the other side closed between two frames or we did, else
  /// what was wrong.
  using OnClosed = std::function<void(std::string_view reason)>;

  explicit Connection(Socket socket) : socket_(std::move(socket)) {}

  void start(OnMessage on_message, OnClosed on_closed);
  /// The first message has to be there within `patience`, or the connection fails.
  void expect_within(std::chrono::milliseconds patience);
  /// What one turn of the event loop sends goes out in one piece, at its end. A reader that does
  /// not keep up is cut off at kMaxPendingBytes.
  void send(const Envelope& envelope);
  void send_frame(std::string_view frame);
  /// Tells the other side why, then closes.
  void reject(const std::string& reason);
  void close();
  bool open() const { return socket_.is_open(); }

  static constexpr std::size_t kMaxPendingBytes = 64 << 20;

 private:
  void read();
  void receive();
  /// The messages that `bytes` begins with; returns what is left.
  std::string_view deliver(std::string_view bytes);
  std::string cut() const;
  void write_soon();
  void write();
  void fail(std::string_view reason);

  Socket socket_;
  std::optional<boost::asio::steady_timer> expected_;
  OnMessage on_message_;
  OnClosed on_closed_;
  std::string input_;  // a message that has not come whole
  std::string writing_;
  std::string pending_;
  bool writing_soon_ = false;
  bool closing_ = false;
};

/// Who connects to a server of the fleet says hello within this time.
inline constexpr std::chrono::milliseconds kHelloPatience{2000};
/// The first message of a connection must be Hello with the token of the run, compared in constant
/// time. Throws ProtocolError.
const Hello& check_hello(const Envelope& message, std::string_view token);

/// Starts a connection of who may say hello, in time, and nothing after it. `welcome` is called
/// with that message, and may throw ProtocolError.
using Welcome = std::function<void(const std::shared_ptr<Connection>&, const Envelope& hello)>;
void start_listener(const std::shared_ptr<Connection>& connection, Welcome welcome,
                    Connection::OnClosed on_closed);

/// "127.0.0.1:4000" as an endpoint: numeric only, because resolving a name starts a thread. Throws
/// std::invalid_argument.
boost::asio::ip::tcp::endpoint endpoint_of(std::string_view address);
std::string to_string(const boost::asio::ip::tcp::endpoint& endpoint);

/// Connects to `address` and calls `done` with the connection, not started yet, or with nullptr and
/// the reason.
void connect(boost::asio::any_io_executor executor, const std::string& address,
             std::function<void(std::shared_ptr<Connection>, std::string reason)> done);

/// Listens on a loopback port, 0: one that the kernel chooses, with the longest queue it grants.
boost::asio::ip::tcp::acceptor listen_on_loopback(boost::asio::any_io_executor executor,
                                                  std::uint16_t port = 0);

/// How long an acceptor waits after an error, most likely a lack of descriptors.
inline constexpr std::chrono::milliseconds kAcceptPause{50};
/// Accepts for as long as the acceptor is open.
void accept_all(boost::asio::ip::tcp::acceptor& acceptor,
                std::function<void(boost::asio::ip::tcp::socket)> accepted);

}  // namespace ceiling::wire
