#pragma once

#include <sys/socket.h>

#include <chrono>
#include <string>
#include <string_view>

namespace ceiling::frontend {

/// A date as RFC 9110 has it, as an extended regular expression.
inline constexpr const char* kDate =
    "[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT";

/// The client's end of a connection; no wait is longer than five seconds.
class RawClient {
 public:
  /// An answer of HTTP/1.1; status 0: the connection was closed instead.
  struct Answer {
    int status = 0;
    std::string head;
    std::string body;
  };

  /// `receive_buffer`: its size in the kernel, for a client that is slow to read.
  explicit RawClient(const std::string& address, int receive_buffer = 0);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient();

  /// False when the other side has closed.
  bool send(std::string_view bytes) const;
  /// A POST with that body.
  void post(const std::string& target, std::string_view body,
            const std::string& headers = "") const;
  Answer read();
  Answer call(const std::string& target, std::string_view body, const std::string& headers = "");
  /// No more is going to be sent.
  void cut() const { ::shutdown(socket_, SHUT_WR); }
  /// All that comes until the other side closes; throws when it does not.
  std::string read_to_the_end();
  bool readable_within(std::chrono::milliseconds patience) const;
  int socket() const { return socket_; }

 private:
  /// False: closed.
  bool read_more();

  int socket_ = -1;
  std::string input_;
};

}  // namespace ceiling::frontend
