#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace ceiling {

/// What one shell asks of a serve that runs in another.
struct Order {
  std::string action;  ///< "grow", "shrink", "kill", "restart", "status"
  int count = 0;       ///< of grow and shrink
  std::string name;    ///< of kill and restart
};
struct Answer {
  int status = 0;    ///< exit status of the verb that asked
  std::string text;  ///< lines
};

/// Takes orders at a UNIX socket that only root may connect to: one JSON object a line, and one in
/// return when the order has been carried out. They wait in a queue.
class ControlSocket {
 public:
  /// Throws boost::system::system_error. The file is removed with the run's registry entry.
  ControlSocket(boost::asio::io_context& context, const std::filesystem::path& path);

  bool waiting() const { return !orders_.empty(); }
  /// Has the oldest order carried out, and answers it.
  void answer(const std::function<Answer(const Order&)>& carry_out);

 private:
  struct Session;
  void accept();

  boost::asio::local::stream_protocol::acceptor acceptor_;
  std::deque<std::pair<Order, std::shared_ptr<Session>>> orders_;
};

/// Gives an order and waits for the answer. Throws HostError where the serve is not there, or ends
/// before it has answered.
Answer give_order(const std::filesystem::path& socket, const Order& order);

}  // namespace ceiling
