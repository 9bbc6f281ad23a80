#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "workload/frontend/http_message.h"

namespace ceiling::frontend {

/// Of ASCII, as names of headers are.
inline char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// What the connections of one server share, on one thread.
struct HttpService {
  HttpService(HttpHooks with_hooks, HttpLimits with_limits)
      : hooks(std::move(with_hooks)), limits(with_limits), bytes_left(with_limits.total_bytes) {}

  /// Now, as RFC 9110 (6.6.1) has a server say it: clients set right by it the clock that they sign
  /// with. Valid until the next call.
  const std::string& date();

  HttpHooks hooks;
  HttpLimits limits;
  std::size_t bytes_left;                ///< of limits.total_bytes
  std::array<char, 64 << 10> scratch{};  ///< what is being read; nothing is kept in it

 private:
  std::time_t dated_ = 0;
  std::string date_;
};

/// One request as it comes in, and its answer: within the limits, and charged to the service for as
/// long as they are held. A request that exceeds them is refused; what comes of it after that is
/// dropped.
class HttpExchange {
 public:
  explicit HttpExchange(HttpService& service) : service_(service) {}
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;
  ~HttpExchange() { release(); }

  void set_method(std::string_view method);
  void set_target(std::string_view target);
  void add_header(std::string_view name, std::string_view value);
  /// The body is announced to be that long. Room is taken only for what comes.
  void expect_body(std::uint64_t bytes);
  void add_body(std::string_view bytes);
  void refuse(int status, std::string_view type, std::string message);
  void refuse_size();
  void refuse_slow();
  /// The client waits to be told that its body is wanted ("Expect: 100-continue").
  bool expects_continue() const;
  const std::optional<HttpResponse>& refusal() const { return refusal_; }

  std::string_view request_header(std::string_view lower_name) const {
    return request_.header(lower_name);
  }
  HttpRequest take_request() { return std::move(request_); }
  /// The request is over: the answer is charged instead, or refused when there is no room for it.
  HttpResponse admit(HttpResponse answer);
  void release();

 private:
  bool count_header(std::size_t bytes);
  bool charge(std::size_t bytes);

  HttpService& service_;
  HttpRequest request_;
  std::size_t header_bytes_ = 0;
  std::size_t charged_ = 0;
  std::optional<HttpResponse> refusal_;
};

}  // namespace ceiling::frontend
