#pragma once

#include <poll.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/workload_programs/program.h"
#include "workload/protocol/accounts.h"
#include "workload/protocol/connection.h"
#include "workload/protocol/http_api.h"
#include "workload/protocol/shard_iterator.h"
#include "workload/protocol/signature_v4.h"

namespace ceiling::testing_programs {

/// Who signs a request, and when; what a test changes to be wrong.
struct Signature {
  std::string account = std::string(kFleetAccount);
  std::string secret{};  ///< instead of the account's
  std::chrono::system_clock::time_point at = std::chrono::system_clock::now();
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Those of a request to the API; the first one is `host`.
inline Headers signed_headers(const std::string& host, const std::string& operation,
                              const std::string& body, const Signature& how = {}) {
  Headers headers = {{"host", host},
                     {"content-type", std::string(http_api::kContentType)},
                     {"x-amz-date", sigv4::amz_date(how.at)},
                     {"x-amz-target", std::string(http_api::kTargetPrefix) + operation}};
  std::vector<sigv4::Header> views;
  for (const auto& [name, value] : headers) views.push_back({name, value});
  const std::string secret = how.secret.empty() ? secret_key_of(kToken, how.account) : how.secret;
  sigv4::Signer signer({access_key_of(kToken, how.account), secret, how.account},
                       std::string(kRegion));
  headers.emplace_back("authorization", signer.authorization({"POST", "/", views, body}));
  return headers;
}

/// An iterator as a frontend of the run would give it out.
inline std::string iterator_at(const std::string& stream, std::uint32_t shard,
                               std::uint64_t sequence) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  return seal({std::string(kFleetAccount), stream, shard, sequence, static_cast<std::uint64_t>(ms)},
              kToken);
}

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

  explicit HttpClient(const std::string& address) : address_(address), socket_(context_) {
    socket_.connect(wire::endpoint_of(address));
  }

  void send(const std::string& body, const Headers& headers) {
    namespace http = boost::beast::http;
    http::request<http::string_body> request{http::verb::post, "/", 11};
    for (const auto& [name, value] : headers) request.insert(name, value);
    request.body() = body;
    request.prepare_payload();
    http::write(socket_, request);
  }
  Answer call(const std::string& operation, const std::string& body, const Signature& how = {}) {
    send(body, signed_headers(address_, operation, body, how));
    return read();
  }
  Answer call(const std::string& operation, const nlohmann::json& body, const Signature& how = {}) {
    return call(operation, body.dump(), how);
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
  std::string address_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace ceiling::testing_programs
