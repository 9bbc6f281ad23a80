#include "workload/frontend/http1_protocol.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <utility>

namespace ceiling::frontend {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";  // RFC 9113, 3.4
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace

/// Beast's parser of one request, straight into an exchange.
class Http1Protocol::Parser : public http::basic_parser<true> {
 public:
  Parser(HttpExchange& exchange, std::size_t header_bytes) : exchange_(exchange) {
    header_limit(static_cast<std::uint32_t>(header_bytes));
    body_limit(boost::none);  // the exchange has one
  }
  int version = 0;  ///< 11 for HTTP/1.1

 private:
  using Text = boost::beast::string_view;

  void on_request_impl(http::verb, Text method, Text target, int its_version,
                       error_code&) override {
    version = its_version;
    exchange_.set_method(method);
    exchange_.set_target(target);
  }
  void on_field_impl(http::field, Text name, Text value, error_code&) override {
    if (!is_header_done()) exchange_.add_header(name, value);  // else a trailer
  }
  std::size_t on_body_impl(Text body, error_code&) override {
    exchange_.add_body(body);
    return body.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, error_code&) override {
    exchange_.add_body(body);
    return body.size();
  }
  void on_response_impl(int, Text, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  void on_finish_impl(error_code&) override {}

  HttpExchange& exchange_;
};

Http1Protocol::Http1Protocol(HttpService& service) : service_(service), since_(Clock::now()) {}

Http1Protocol::~Http1Protocol() = default;

void Http1Protocol::receive(std::string_view bytes) {
  if (!begun()) since_ = Clock::now();
  if (!input_.empty()) {
    input_ += bytes;
    return parse_input();
  }
  parse(bytes);
  input_ = bytes;
}

void Http1Protocol::receive_end() {
  if (begun()) {
    const error_code error = http::error::partial_message;
    service_.hooks.log(fmt::format("http connection closed: {}", error.message()));
  }
  cut();
}

std::optional<HttpProtocol::Request> Http1Protocol::next_request() {
  if (state_ != State::kReady) return std::nullopt;
  state_ = State::kHandling;
  return Request{.id = 0, .request = exchange_->take_request()};
}

void Http1Protocol::answer(std::uint32_t, HttpResponse response) {
  if (state_ == State::kHandling) send(exchange_->admit(std::move(response)));
}

std::string_view Http1Protocol::next_output() {
  if (!pending_.empty()) {
    sending_ = std::exchange(pending_, {});
    return sending_;
  }
  if (state_ != State::kAnswering) return {};
  if (sent_ < body_.size()) {
    const auto piece = std::string_view(body_).substr(sent_, kMostOutput);
    sent_ += piece.size();
    return piece;
  }
  answered();
  return {};
}

std::optional<HttpProtocol::Clock::time_point> Http1Protocol::idle_since() const {
  if (state_ != State::kReading || begun()) return std::nullopt;
  return since_;
}

std::optional<HttpProtocol::Clock::time_point> Http1Protocol::slow_since() const {
  const bool coming_in = state_ == State::kReading && begun();
  if (!coming_in && state_ != State::kAnswering) return std::nullopt;
  return since_;
}

HttpProtocol::Clock::time_point Http1Protocol::deadline() const {
  const HttpLimits& limits = service_.limits;
  if (state_ == State::kReading) return since_ + (begun() ? limits.request_time : limits.idle_time);
  if (state_ == State::kAnswering) return since_ + limits.answer_time;
  return Clock::time_point::max();
}

void Http1Protocol::expire(Clock::time_point now) {
  if (now < deadline()) return;
  leave();
}

void Http1Protocol::leave() {
  state_ == State::kReading&& begun() ? refuse_slow() : cut();
}

void Http1Protocol::refuse_slow() {
  if (!exchange_) exchange_.emplace(service_);
  exchange_->refuse_slow();
  input_.clear();
  send(*exchange_->refusal());
}

void Http1Protocol::parse_input() {
  std::string_view rest = input_;
  parse(rest);
  input_.erase(0, input_.size() - rest.size());
  if (input_.empty()) input_.shrink_to_fit();
}

void Http1Protocol::parse(std::string_view& bytes) {
  while (state_ == State::kReading && !bytes.empty()) {
    if (first_ && kPreface.starts_with(bytes.substr(0, kPreface.size()))) {
      if (bytes.size() < kPreface.size()) return;
      state_ = State::kHttp2;
    }
    first_ = false;
    if (state_ == State::kHttp2) return;
    if (!parser_) {
      exchange_.emplace(service_);
      parser_ = std::make_unique<Parser>(*exchange_, service_.limits.header_bytes);
    }
    if (!advance(bytes)) return;
  }
}

bool Http1Protocol::advance(std::string_view& bytes) {
  const bool in_header = !parser_->is_header_done();
  // Beast 1.81 asserts that it has so much of the last chunk; so much is still to come in any case.
  if (!in_header && parser_->chunked() && bytes.size() < kLastChunk.size()) return false;
  error_code error;
  bytes.remove_prefix(parser_->put(boost::asio::buffer(bytes.data(), bytes.size()), error));
  if (error == http::error::need_more) {
    if (bytes.size() <= service_.limits.header_bytes) return false;
    error = http::error::header_limit;  // of a chunk, or trailers: Beast would wait for their end
  }
  if (!error && in_header && parser_->is_header_done()) {
    if (!exchange_->request_header("transfer-encoding").empty() && !parser_->chunked()) {
      error = http::error::bad_transfer_encoding;
    } else {
      header_is_there();
    }
  }
  if (error) refuse(error);
  if (exchange_->refusal()) {
    bytes = {};
    send(*exchange_->refusal());
  } else if (parser_->is_done()) {
    keep_alive_ = parser_->version >= 11 && parser_->keep_alive();
    parser_.reset();
    state_ = State::kReady;
  }
  return true;
}

void Http1Protocol::header_is_there() {
  if (const auto length = parser_->content_length()) exchange_->expect_body(*length);
  const bool waits = exchange_->expects_continue() && !parser_->is_done();
  if (waits && parser_->version >= 11 && !exchange_->refusal()) {
    pending_ = "HTTP/1.1 100 Continue\r\n\r\n";
  }
}

void Http1Protocol::refuse(error_code error) {
  if (error == http::error::header_limit) return exchange_->refuse_size();
  service_.hooks.log(fmt::format("http connection closed: {}", error.message()));
  exchange_->refuse(400, "SerializationException", error.message());
}

/// A refusal ends the connection: what would come next is not known to be a request.
void Http1Protocol::send(HttpResponse response) {
  if (state_ != State::kHandling) keep_alive_ = false;
  parser_.reset();
  pending_ += fmt::format(
      "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n", response.status,
      std::string_view(
          http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)))),
      service_.date(), response.content_type, response.body.size());
  for (const auto& [name, value] : response.headers) {
    pending_ += fmt::format("{}: {}\r\n", name, value);
  }
  pending_ += keep_alive_ ? "\r\n" : "Connection: close\r\n\r\n";
  if (response.body.size() <= kMostOutput) {
    pending_ += response.body;
  } else {
    body_ = std::move(response.body);
  }
  state_ = State::kAnswering;
  since_ = Clock::now();
}

void Http1Protocol::answered() {
  exchange_.reset();
  std::exchange(body_, {});
  std::exchange(sending_, {});
  sent_ = 0;
  since_ = Clock::now();
  if (!keep_alive_) {
    state_ = State::kOver;
    end_ = End::kLinger;
    return;
  }
  state_ = State::kReading;
  parse_input();
}

void Http1Protocol::cut() {
  state_ = State::kOver;
  end_ = End::kCut;
}

}  // namespace ceiling::frontend
