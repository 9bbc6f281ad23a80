#include "harness/cli/control.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "cgroups/error.h"
#include "harness/cli/exit_status.h"

namespace ceiling {

using boost::asio::local::stream_protocol;
using boost::system::error_code;
using nlohmann::json;

namespace {

constexpr std::size_t kMaxOrderBytes = 4096;

std::string line_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

Order order_of(const std::string& line) {
  const json value = json::parse(line);
  return {.action = value.at("action"), .count = value.at("count"), .name = value.at("name")};
}

/// Whatever the umask: made by root, for root.
stream_protocol::acceptor listen_for_root(boost::asio::io_context& context,
                                          const std::filesystem::path& path) {
  const mode_t before = ::umask(0177);
  try {
    stream_protocol::acceptor acceptor(context, stream_protocol::endpoint(path.native()), false);
    ::umask(before);
    return acceptor;
  } catch (...) {
    ::umask(before);
    throw;
  }
}

HostError not_answered(const std::string& what) {
  return {"the serve did not answer: " + what, "see what it said in its own shell"};
}

}  // namespace

struct ControlSocket::Session : std::enable_shared_from_this<Session> {
  explicit Session(stream_protocol::socket connected) : socket(std::move(connected)) {}

  void answer(const Answer& answer) {
    text = line_of({{"status", answer.status}, {"text", answer.text}});
    boost::asio::async_write(socket, boost::asio::buffer(text),
                             [self = shared_from_this()](error_code, std::size_t) {});
  }

  stream_protocol::socket socket;
  std::string text;
};

ControlSocket::ControlSocket(boost::asio::io_context& context, const std::filesystem::path& path)
    : acceptor_(listen_for_root(context, path)) {
  accept();
}

void ControlSocket::accept() {
  acceptor_.async_accept([this](error_code error, stream_protocol::socket socket) {
    if (error) return;
    auto session = std::make_shared<Session>(std::move(socket));
    boost::asio::async_read_until(session->socket,
                                  boost::asio::dynamic_buffer(session->text, kMaxOrderBytes), '\n',
                                  [this, session](error_code unread, std::size_t) {
                                    if (unread) return;
                                    try {
                                      orders_.emplace_back(order_of(session->text), session);
                                    } catch (const json::exception&) {
                                      session->answer({kUsage, "found no order, expected one\n"});
                                    }
                                  });
    accept();
  });
}

void ControlSocket::answer(const std::function<Answer(const Order&)>& carry_out) {
  const auto [order, session] = std::move(orders_.front());
  orders_.pop_front();
  session->answer(carry_out(order));
}

Answer give_order(const std::filesystem::path& socket, const Order& order) {
  boost::asio::io_context context;
  stream_protocol::socket connected(context);
  error_code error;
  connected.connect(stream_protocol::endpoint(socket.native()), error);
  if (error) throw not_answered(fmt::format("{}: {}", socket.string(), error.message()));
  const std::string line =
      line_of({{"action", order.action}, {"count", order.count}, {"name", order.name}});
  boost::asio::write(connected, boost::asio::buffer(line), error);
  std::string text;
  if (!error) boost::asio::read(connected, boost::asio::dynamic_buffer(text), error);
  try {
    const json answer = json::parse(text);
    return {.status = answer.at("status"), .text = answer.at("text")};
  } catch (const json::exception&) {
    throw not_answered("it ended first");
  }
}

}  // namespace ceiling
