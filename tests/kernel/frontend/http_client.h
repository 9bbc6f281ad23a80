#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/workload_programs/program.h"
#include "workload/protocol/connection.h"

namespace ceiling::testing_programs {

/// One connection to a frontend's HTTP side, blocking.
class HttpClient {
 public:
  struct Answer {
    int status = 0;
    nlohmann::json body;
    bool keep_alive = false;
    std::string type() const { return body.value("__type", ""); }
    std::string message() const { return body.value("message", ""); }
  };
  static std::string bearer(const std::string& token) { return "Bearer " + token; }

  explicit HttpClient(const std::string& address) : socket_(context_) {
    socket_.connect(wire::endpoint_of(address));
  }

  /// An empty `authorization`: the header is left out.
  void send(const std::string& operation, const std::string& body,
            const std::string& authorization = bearer(kToken)) {
    namespace http = boost::beast::http;
    http::request<http::string_body> request{http::verb::post, "/", 11};
    request.set("X-Amz-Target", "Kinesis_20131202." + operation);
    if (!authorization.empty()) request.set(http::field::authorization, authorization);
    request.body() = body;
    request.prepare_payload();
    http::write(socket_, request);
  }
  Answer call(const std::string& operation, const std::string& body,
              const std::string& authorization = bearer(kToken)) {
    send(operation, body, authorization);
    return read();
  }
  Answer call(const std::string& operation, const nlohmann::json& body) {
    return call(operation, body.dump());
  }

  void send_bytes(const std::string& bytes) {
    boost::asio::write(socket_, boost::asio::buffer(bytes));
  }
  /// No more is going to be sent; what comes can still be read.
  void cut() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }

  Answer read() {
    namespace http = boost::beast::http;
    http::response<http::string_body> response;
    http::read(socket_, buffer_, response);
    return {static_cast<int>(response.result_int()),
            nlohmann::json::parse(response.body(), nullptr, false), response.keep_alive()};
  }
  /// Waits until the other side has closed; false when it said something more.
  bool closed() {
    char byte = 0;
    boost::system::error_code error;
    return socket_.read_some(boost::asio::buffer(&byte, 1), error) == 0 && error;
  }

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace ceiling::testing_programs
