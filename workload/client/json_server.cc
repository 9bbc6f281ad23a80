#include "workload/client/json_server.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "workload/protocol/connection.h"

namespace ceiling {
namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint64_t kMostBodyBytes = 64 << 10;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const JsonServer::Handler& handler)
      : socket_(std::move(socket)), handler_(handler) {}

  void read() {
    parser_.emplace();
    parser_->body_limit(kMostBodyBytes);
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (!error) self->handle();
                     });
  }

 private:
  void handle() {
    const auto& request = parser_->get();
    const std::string what =
        std::string(request.method_string()) + " " + std::string(request.target());
    handler_(what, [self = shared_from_this()](unsigned status, const std::string& json) {
      self->answer(status, json);
    });
  }

  void answer(unsigned status, const std::string& json) {
    answer_ = {static_cast<http::status>(status), 11};
    answer_.set(http::field::content_type, "application/json");
    answer_.keep_alive(parser_->get().keep_alive());
    answer_.body() = json;
    answer_.prepare_payload();
    http::async_write(socket_, answer_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error && self->answer_.keep_alive()) self->read();
    });
  }

  tcp::socket socket_;
  const JsonServer::Handler& handler_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> answer_;
};

}  // namespace

JsonServer::JsonServer(boost::asio::any_io_executor executor, std::uint16_t port, Handler handler)
    : acceptor_(wire::listen_on_loopback(std::move(executor), port)), handler_(std::move(handler)) {
  wire::accept_all(acceptor_, [this](tcp::socket socket) {
    std::make_shared<Session>(std::move(socket), handler_)->read();
  });
}

std::string JsonServer::address() const {
  return wire::to_string(acceptor_.local_endpoint());
}

}  // namespace ceiling
