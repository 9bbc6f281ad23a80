#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "workload/frontend/http_exchange.h"
#include "workload/frontend/http_protocol.h"

namespace ceiling::frontend {

/// HTTP/1.1: one request after the other, each answered before the next is parsed. Every connection
/// begins with it; is_http2() says whether the first bytes
/// are those of the other one, as soon as it is decided().
class Http1Protocol final : public HttpProtocol {
 public:
  explicit Http1Protocol(HttpService& service);
  ~Http1Protocol() override;

  void receive(std::string_view bytes) override;
  void receive_end() override;
  bool wants_bytes() const override { return state_ == State::kReading; }
  bool has_request() const override { return state_ == State::kReady; }
  std::optional<Request> next_request() override;
  void answer(std::uint32_t id, HttpResponse response) override;
  std::string_view next_output() override;
  End end() const override { return end_; }
  std::optional<Clock::time_point> idle_since() const override;
  std::optional<Clock::time_point> slow_since() const override;
  Clock::time_point deadline() const override;
  void expire(Clock::time_point now) override;
  void leave() override;

  /// Enough has come to tell.
  bool decided() const { return !first_; }
  bool is_http2() const { return state_ == State::kHttp2; }
  /// All that came, for the other protocol.
  std::string take_input() { return std::move(input_); }

 private:
  class Parser;
  enum class State { kReading, kReady, kHandling, kAnswering, kOver, kHttp2 };

  bool begun() const { return parser_ || !input_.empty(); }
  void parse_input();
  void parse(std::string_view& bytes);
  /// False: more bytes are needed.
  bool advance(std::string_view& bytes);
  void header_is_there();
  void refuse(boost::system::error_code error);
  void refuse_slow();
  void send(HttpResponse response);
  void answered();
  void cut();

  HttpService& service_;
  State state_ = State::kReading;
  bool first_ = true;  // no byte of a request has been parsed
  bool keep_alive_ = true;
  End end_ = End::kNone;
  std::string input_;  // came, and is not parsed yet
  std::optional<HttpExchange> exchange_;
  std::unique_ptr<Parser> parser_;
  std::string pending_;  // to be sent, before body_
  std::string sending_;
  std::string body_;  // of a large answer
  std::size_t sent_ = 0;
  Clock::time_point since_;  // idle, or the request began, or the answer did
};

}  // namespace ceiling::frontend
