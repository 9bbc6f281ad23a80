#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ceiling::frontend {

/// A whole request, of HTTP/1.1 or HTTP/2 alike (there ":authority" is the header "host").
struct HttpRequest {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;  ///< as received, names lower-cased
  std::string body;

  /// The first header of that name; empty when there is none.
  std::string_view header(std::string_view lower_name) const {
    for (const auto& [name, value] : headers) {
      if (name == lower_name) return value;
    }
    return {};
  }
};

struct HttpResponse {
  int status = 200;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;  ///< besides content type and length
  std::string body;
};

/// Answers a request: once, at once or later, on the loop of the connection. Does nothing when the
/// connection or the stream is gone.
using Reply = std::function<void(HttpResponse)>;

/// What the owner of a server decides.
struct HttpHooks {
  /// Called with each whole request. A place is taken until it is answered.
  std::function<void(HttpRequest, Reply)> handle;
  /// The answer to what never becomes a request: bytes that are no HTTP, too many of them, too slow
  /// ones.
  std::function<HttpResponse(int status, std::string_view type, std::string message)> refusal;
  std::function<void(std::string)> log;
};

/// Sizes and times that a client has to keep to.
struct HttpLimits {
  /// Names, values and 32 bytes for each header, as RFC 9113 counts them.
  std::size_t header_bytes = 16 << 10;
  /// PutRecords: 5 MiB of records in base64, and their envelope.
  std::size_t body_bytes = 7 << 20;
  /// Requests and answers that are held at once, over all connections.
  std::size_t total_bytes = 64 << 20;
  std::chrono::milliseconds request_time{20000};  ///< from a request's first byte to its last
  std::chrono::milliseconds answer_time{30000};   ///< for a client to take an answer
  std::chrono::milliseconds idle_time{60000};     ///< between two requests
  /// A connection that has been idle for so long may be closed for another one. Of one that has
  /// said nothing yet, its time in the kernel's queue counts.
  std::chrono::milliseconds quiet_time{250};
  /// A client that has kept a request or an answer under way for so long, by itself, may lose its
  /// place to another one.
  std::chrono::milliseconds slow_time{1000};
  std::chrono::milliseconds linger_time{2000};  ///< for a client to hear why it is being closed
};

}  // namespace ceiling::frontend
