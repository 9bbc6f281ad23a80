#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "workload/frontend/http_message.h"

namespace ceiling::frontend {

/// The server's side of one connection as bytes and values: bytes go in, requests come out, answers
/// go in, bytes come out. No socket and no timer; HttpConnection has those.
class HttpProtocol {
 public:
  using Clock = std::chrono::steady_clock;

  struct Request {
    std::uint32_t id = 0;  ///< what answer() is told
    HttpRequest request;
  };
  enum class End {
    kNone,
    kLinger,  ///< all is said; the client may still be sending
    kCut,     ///< nothing more is to be said
  };

  virtual ~HttpProtocol() = default;

  virtual void receive(std::string_view bytes) = 0;
  /// The client is going to send nothing more.
  virtual void receive_end() = 0;
  virtual bool wants_bytes() const = 0;

  virtual bool has_request() const = 0;
  virtual std::optional<Request> next_request() = 0;
  /// Ignored when there is no such request any more.
  virtual void answer(std::uint32_t id, HttpResponse response) = 0;
  /// What is to be sent next, kMostOutput bytes or somewhat more at most; valid until the next call
  /// of this. Empty: nothing for now.
  virtual std::string_view next_output() = 0;
  /// Holds once next_output() is empty.
  virtual End end() const = 0;

  /// Since when nothing has been under way; nothing while something is.
  virtual std::optional<Clock::time_point> idle_since() const = 0;
  /// Since when nothing but the client has kept us waiting, with requests to send or answers to
  /// take; nothing while a handler is at work, or nothing is under way.
  virtual std::optional<Clock::time_point> slow_since() const = 0;
  /// When expire() is to be called if nothing happens before; may be earlier than needed.
  virtual Clock::time_point deadline() const = 0;
  virtual void expire(Clock::time_point now) = 0;
  /// The connection, which is idle or slow, is going to be closed: what there is to be said of that
  /// is in next_output().
  virtual void leave() = 0;

  static constexpr std::size_t kMostOutput = 64 << 10;
};

}  // namespace ceiling::frontend
