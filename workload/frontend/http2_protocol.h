#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "workload/frontend/http_exchange.h"
#include "workload/frontend/http_protocol.h"

struct nghttp2_session;

namespace ceiling::frontend {

/// HTTP/2 with prior knowledge (RFC 9113): every stream is a request, answered in any order. Beside
/// our limits those of nghttp2 hold, against floods of PING, SETTINGS, CONTINUATION and RST_STREAM.
class Http2Protocol final : public HttpProtocol {
 public:
  /// Throws std::bad_alloc.
  explicit Http2Protocol(HttpService& service);
  ~Http2Protocol() override;

  /// The first bytes are the preface.
  void receive(std::string_view bytes) override;
  void receive_end() override { end_ = End::kCut; }
  bool wants_bytes() const override;
  bool has_request() const override { return !ready_.empty(); }
  std::optional<Request> next_request() override;
  void answer(std::uint32_t id, HttpResponse response) override;
  std::string_view next_output() override;
  End end() const override;
  std::optional<Clock::time_point> idle_since() const override;
  std::optional<Clock::time_point> slow_since() const override;
  Clock::time_point deadline() const override;
  void expire(Clock::time_point now) override;
  void leave() override;

  /// At once on a connection.
  static constexpr std::uint32_t kMostStreams = 100;
  /// What a client may send on a stream, or on all of them, before we have read it.
  static constexpr std::int32_t kWindowBytes = 1 << 20;
  /// So many streams a client may take back at a stroke, and then so many a second.
  static constexpr std::uint64_t kResetBurst = 200;
  static constexpr std::uint64_t kResetsPerSecond = 33;
  /// Answers to PING and SETTINGS that wait for a client to read.
  static constexpr std::size_t kMostAcknowledgements = 100;

 private:
  struct Callbacks;
  struct Stream;

  Stream* find(std::int32_t id);
  void begin(std::int32_t id);
  void expect_body(std::int32_t id, Stream& stream);
  void complete(std::int32_t id);
  void closed(std::int32_t id);
  /// Submits the refusal of its exchange.
  void refuse(std::int32_t id, Stream& stream);
  void send(std::int32_t id, Stream& stream, HttpResponse response);
  void terminate(std::uint32_t error);

  HttpService& service_;
  std::unique_ptr<nghttp2_session, void (*)(nghttp2_session*)> session_;
  std::map<std::int32_t, Stream> streams_;  // until it is closed and its request is answered
  std::deque<std::int32_t> ready_;
  std::string output_;
  End end_ = End::kNone;
  Clock::time_point since_;  // there are no streams
};

}  // namespace ceiling::frontend
