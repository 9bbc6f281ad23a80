#include "tests/unit/client/fakes.h"

#include <fmt/format.h>

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <variant>

#include "workload/protocol/accounts.h"
#include "workload/protocol/hash_key.h"
#include "workload/protocol/http_api.h"
#include "workload/protocol/shard_iterator.h"
#include "workload/protocol/signature_v4.h"

namespace ceiling::fakes {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using nlohmann::json;

bool run_until(asio::io_context& io, const std::function<bool()>& reached,
               std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!reached()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    io.restart();
    io.run_one_until(end);
  }
  return true;
}

namespace {

std::string signed_by(const http::request<http::string_body>& request) {
  sigv4::Verifier verifier({{access_key_of(kToken, kFleetAccount),
                             secret_key_of(kToken, kFleetAccount), std::string(kFleetAccount)}},
                           std::string(kRegion));
  std::vector<sigv4::Header> headers;
  for (const auto& field : request) headers.push_back({field.name_string(), field.value()});
  const auto verified =
      verifier.verify({request.method_string(), request.target(), headers, request.body()},
                      std::chrono::system_clock::now());
  const auto* account = std::get_if<const sigv4::Account*>(&verified);
  return account == nullptr ? "" : (*account)->account_id;
}

}  // namespace

class Frontend::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Frontend& frontend, tcp::socket socket)
      : frontend_(frontend), socket_(std::move(socket)) {
    ++frontend_.connections;
    ++frontend_.open;
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read() {
    parser_.emplace();
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (error) return self->close();
                       self->answer();
                     });
  }

 private:
  void answer() {
    const auto& request = parser_->get();
    const json body = json::parse(request.body());
    std::string_view operation = request["X-Amz-Target"];
    operation.remove_prefix(http_api::kTargetPrefix.size());
    const Request asked{
        std::string(operation), signed_by(request), body.value("StreamName", ""),
        body.value("PartitionKey", ""),
        open_iterator(body.value("ShardIterator", ""), kToken).value_or(ShardIterator{})};
    frontend_.last_data_ = body.value("Data", "");
    frontend_.requests.push_back(asked);
    Reply reply = frontend_.on_request(asked);
    frontend_.on_reply(reply);
    if (!frontend_.held) return write(reply);
    frontend_.waiting.emplace_back([self = shared_from_this(), reply] { self->write(reply); });
  }

  void write(const Reply& reply) {
    if (reply.how == Reply::How::never) return read();
    if (reply.how == Reply::How::close) return close();
    text_ = reply.raw.empty() ? fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}",
                                            reply.status, reply.body.size(), reply.body)
                              : reply.raw;
    if (reply.how == Reply::How::half_then_close) text_.resize(text_.size() / 2);
    const bool over = reply.how == Reply::How::half_then_close || !frontend_.keep_alive;
    asio::async_write(socket_, asio::buffer(text_),
                      [self = shared_from_this(), over](error_code error, std::size_t) {
                        if (error || over) return self->close();
                        self->read();
                      });
  }

  void close() {
    if (!socket_.is_open()) return;
    socket_.close();
    --frontend_.open;
  }

  Frontend& frontend_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::string text_;
};

Frontend::Frontend(asio::io_context& io, std::string name, int shards)
    : acceptor_(wire::listen_on_loopback(io.get_executor())),
      name_(std::move(name)),
      address_(wire::to_string(acceptor_.local_endpoint())),
      shards_(shards) {
  wire::accept_all(acceptor_, [this](tcp::socket socket) {
    std::make_shared<Session>(*this, std::move(socket))->read();
  });
}

wire::Member Frontend::member() const {
  wire::Member member;
  member.set_name(name_);
  member.set_http_address(address_);
  return member;
}

Reply Frontend::serve(const Request& request) {
  if (request.operation == "PutRecord") {
    int shard = 0;
    while (!shard_range(shard, shards_).contains(hash_key(request.key))) ++shard;
    auto& records = records_[{request.stream, shard}];
    records.push_back({request.key, last_data_});
    return {200, json{{"ShardId", http_api::shard_id(shard)},
                      {"SequenceNumber", std::to_string(records.size())}}
                     .dump()};
  }
  const ShardIterator& from = request.iterator;
  const auto& records = records_[{from.stream, static_cast<int>(from.shard)}];
  json found = json::array();
  if (from.sequence >= 1 && from.sequence <= records.size()) {
    const Stored& record = records[from.sequence - 1];
    found.push_back({{"PartitionKey", record.key},
                     {"Data", record.data},
                     {"SequenceNumber", std::to_string(from.sequence)}});
  }
  return {200, json{{"Records", found}, {"NextShardIterator", "x"}}.dump()};
}

Server::Server(asio::io_context& io, Answer answer)
    : acceptor_(wire::listen_on_loopback(io.get_executor())),
      address_(wire::to_string(acceptor_.local_endpoint())),
      answer_(std::move(answer)) {
  wire::accept_all(acceptor_, [this](tcp::socket socket) {
    auto connection = std::make_shared<wire::Connection>(std::move(socket));
    connections.push_back(connection);
    connection->start(
        [this, weak = std::weak_ptr(connection)](const wire::Envelope& message) {
          received.push_back(message);
          if (const auto self = weak.lock()) answer_(*self, message);
        },
        [](std::string_view) {});
  });
}

Server::Answer gives(const wire::Configuration& configuration) {
  return [configuration](wire::Connection& connection, const wire::Envelope& message) {
    if (!message.has_hello()) return;
    wire::Envelope answer;
    *answer.mutable_configuration() = configuration;
    connection.send(answer);
  };
}

}  // namespace ceiling::fakes
