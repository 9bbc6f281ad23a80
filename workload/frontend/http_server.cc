#include "workload/frontend/http_server.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "workload/protocol/http_api.h"
#include "workload/protocol/process.h"

namespace ceiling::frontend {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;
using nlohmann::json;

namespace {

constexpr std::size_t kMaxHeaderBytes = 8 << 10;
constexpr std::size_t kMaxBodyBytes = 2 << 20;  // a record of 1 MiB in base64 and its envelope
constexpr std::size_t kMaxRecordBytes = 1 << 20;
constexpr std::uint32_t kMaxRecords = 10000;

/// What a request is answered with when it cannot be done.
struct ApiError {
  http::status status;
  std::string_view type;
  std::string message;
};

ApiError invalid(std::string message) {
  return {http::status::bad_request, "ValidationException", std::move(message)};
}

std::string to_base64(std::string_view data) {
  std::string text(4 * ((data.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(data.data()),
                  static_cast<int>(data.size()));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  // EVP_DecodeBlock takes "=" anywhere for a zero, and passes over white space.
  const auto digits = text.substr(0, text.size() - padding);
  if (text.size() % 4 != 0 || digits.find_first_not_of(kDigits) != text.npos) return std::nullopt;
  std::string data(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(data.data()),
                      reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  data.resize(data.size() - padding);
  return data;
}

std::string string_member(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end()) throw invalid(fmt::format("{} is missing", name));
  if (!found->is_string()) {
    throw ApiError{http::status::bad_request, "SerializationException",
                   fmt::format("{} is no string", name)};
  }
  return found->get<std::string>();
}

ApiError unroutable(std::string_view stream) {
  return {http::status::internal_server_error, "InternalFailure",
          fmt::format("no route in the shard-map for stream {}", stream)};
}

ApiError backend_failure(const char* what) {
  return {http::status::internal_server_error, "InternalFailure", what};
}

}  // namespace

/// One client connection.
class HttpServer::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(HttpServer& server, tcp::socket socket) : server_(server), socket_(std::move(socket)) {}

  void read() {
    parser_.emplace();
    parser_->header_limit(kMaxHeaderBytes);
    parser_->body_limit(kMaxBodyBytes);
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (!error) return self->answer_request();
                       if (error == http::error::body_limit || error == http::error::header_limit) {
                         return self->refuse_size();
                       }
                       self->refuse_bytes(error);
                     });
  }

 private:
  void answer_request() {
    keep_alive_ = parser_->get().keep_alive();
    try {
      dispatch(parser_->get());
    } catch (const ApiError& error) {
      fail(error);
    }
  }

  void dispatch(const http::request<http::string_body>& request) {
    authenticate(request);
    std::string_view target = request["X-Amz-Target"];
    if (request.method() != http::verb::post || !target.starts_with(http_api::kTargetPrefix)) {
      throw ApiError{http::status::bad_request, "UnknownOperationException",
                     "expected POST with X-Amz-Target: Kinesis_20131202.<Operation>"};
    }
    target.remove_prefix(http_api::kTargetPrefix.size());
    const json body = json::parse(request.body(), nullptr, false);
    if (!body.is_object()) {
      throw ApiError{http::status::bad_request, "SerializationException",
                     "the body is no JSON object"};
    }
    if (target == "PutRecord") return put_record(body);
    if (target == "GetRecords") return get_records(body);
    throw ApiError{http::status::bad_request, "UnknownOperationException",
                   fmt::format("operation {} is not served", target)};
  }

  void authenticate(const http::request<http::string_body>& request) const {
    constexpr std::string_view kScheme = "Bearer ";
    std::string_view given = request[http::field::authorization];
    if (given.empty()) {
      throw ApiError{http::status::forbidden, "MissingAuthenticationTokenException",
                     "the request has no Authorization header"};
    }
    if (!given.starts_with(kScheme) ||
        !wire::same_token(given.substr(kScheme.size()), server_.token_)) {
      throw ApiError{http::status::forbidden, "UnrecognizedClientException", "wrong token"};
    }
  }

  void put_record(const json& body) {
    const std::string stream = string_member(body, "StreamName");
    const std::string key = string_member(body, "PartitionKey");
    if (key.empty() || key.size() > 256) throw invalid("PartitionKey: 1 to 256 bytes");
    const auto data = from_base64(string_member(body, "Data"));
    if (!data) {
      throw ApiError{http::status::bad_request, "SerializationException", "Data is no base64"};
    }
    if (data->size() > kMaxRecordBytes) throw invalid("Data: at most 1 MiB");
    const auto destination = server_.map_.by_key(stream, hash_key(key));
    if (!destination) throw unroutable(stream);

    wire::Envelope request;
    wire::Put& put = *request.mutable_put();
    put.set_stream(stream);
    put.set_shard(static_cast<std::uint32_t>(destination->shard));
    put.set_epoch(destination->epoch);
    put.set_partition_key(key);
    put.set_data(*data);
    server_.backends_.call(
        destination->backend, std::move(request),
        [self = shared_from_this(), shard = destination->shard](const wire::Envelope* answer) {
          if (answer == nullptr) return self->fail(backend_failure("the backend is not there"));
          if (answer->put_done().result() != wire::RESULT_OK) {
            return self->fail(backend_failure("the backend does not own the shard"));
          }
          self->succeed({{"ShardId", http_api::shard_id(shard)},
                         {"SequenceNumber", std::to_string(answer->put_done().sequence())}});
        });
  }

  void get_records(const json& body) {
    const auto iterator = http_api::Iterator::parse(string_member(body, "ShardIterator"));
    if (!iterator) throw invalid("ShardIterator is none of ours");
    std::uint32_t limit = kMaxRecords;
    if (const auto found = body.find("Limit"); found != body.end()) {
      if (!found->is_number_unsigned()) throw invalid("Limit: 1 to 10000");
      const auto asked = found->get<std::uint64_t>();
      if (asked == 0 || asked > kMaxRecords) throw invalid("Limit: 1 to 10000");
      limit = static_cast<std::uint32_t>(asked);
    }
    const auto destination = server_.map_.by_shard(iterator->stream, iterator->shard);
    if (!destination) throw unroutable(iterator->stream);

    wire::Envelope request;
    wire::Get& get = *request.mutable_get();
    get.set_stream(iterator->stream);
    get.set_shard(static_cast<std::uint32_t>(destination->shard));
    get.set_epoch(destination->epoch);
    get.set_from_sequence(iterator->sequence);
    get.set_limit(limit);
    server_.backends_.call(
        destination->backend, std::move(request),
        [self = shared_from_this(), from = *iterator](const wire::Envelope* answer) {
          if (answer == nullptr) return self->fail(backend_failure("the backend is not there"));
          if (answer->get_done().result() != wire::RESULT_OK) {
            return self->fail(backend_failure("the backend does not own the shard"));
          }
          self->succeed(records_of(from, answer->get_done()));
        });
  }

  static json records_of(http_api::Iterator iterator, const wire::GetDone& answer) {
    json records = json::array();
    for (const wire::Record& record : answer.records()) {
      records.push_back({{"Data", to_base64(record.data())},
                         {"PartitionKey", record.partition_key()},
                         {"SequenceNumber", std::to_string(record.sequence())}});
    }
    iterator.sequence = answer.next_sequence();
    return {{"Records", std::move(records)}, {"NextShardIterator", iterator.text()}};
  }

  void refuse_size() {
    keep_alive_ = false;
    fail({http::status::payload_too_large, "SerializationException",
          fmt::format("a request has at most {} bytes of header and {} of body", kMaxHeaderBytes,
                      kMaxBodyBytes)});
  }

  /// What arrived is no request; nothing, when the client is simply gone.
  void refuse_bytes(error_code error) {
    const auto& of_http = error_code(http::error::end_of_stream).category();
    if (error == http::error::end_of_stream || error.category() != of_http) return close();
    server_.log_(fmt::format("http connection closed: {}", error.message()));
    if (error == http::error::partial_message) return close();
    keep_alive_ = false;
    fail({http::status::bad_request, "SerializationException", error.message()});
  }

  void succeed(const json& body) { write(http::status::ok, body); }
  void fail(const ApiError& error) {
    write(error.status, {{"__type", error.type}, {"message", error.message}});
  }

  void write(http::status status, const json& body) {
    response_ = {};
    response_.version(11);
    response_.result(status);
    response_.set(http::field::content_type, http_api::kContentType);
    // What a client sent comes back in messages; it need not be UTF-8.
    response_.body() = body.dump(-1, ' ', false, json::error_handler_t::replace);
    response_.keep_alive(keep_alive_);
    response_.prepare_payload();
    http::async_write(socket_, response_,
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (error || !self->keep_alive_) return self->close();
                        self->read();
                      });
  }

  void close() {
    if (std::exchange(open_, false)) server_.acceptor_.close(socket_);
  }

  HttpServer& server_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_{kMaxHeaderBytes + kMaxBodyBytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  bool keep_alive_ = true;
  bool open_ = true;
};

HttpServer::HttpServer(const PublishedMap& map, std::string token, wire::Hello hello,
                       BackendLinks::Hooks hooks, std::uint16_t port)
    : map_(map),
      token_(std::move(token)),
      log_(hooks.log),
      backends_(loop_.get_executor(), std::move(hello), std::move(hooks)),
      acceptor_(
          loop_.get_executor(), kMostClients,
          [this](tcp::socket socket) {
            std::make_shared<Session>(*this, std::move(socket))->read();
          },
          port),
      address_(acceptor_.address()) {}

HttpServer::~HttpServer() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
}

void HttpServer::start() {
  thread_ = std::thread([this] { loop_.run(); });
}

void HttpServer::use(std::vector<wire::Backend> backends) {
  boost::asio::post(loop_, [this, backends = std::move(backends)] { backends_.use(backends); });
}

}  // namespace ceiling::frontend
