#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/frontend/raw_client.h"

struct nghttp2_session;

namespace ceiling::frontend {

/// A client of HTTP/2 with prior knowledge, by nghttp2. Nothing is sent or read but in the calls
/// that wait; each throws after five seconds.
class Http2Client {
 public:
  struct Stream {
    int status = 0;
    int interim = 0;  ///< a status before the last one
    std::map<std::string, std::string> headers;
    std::string body;
    std::optional<std::uint32_t> closed;  ///< with that error
    std::string to_send;
  };
  using Headers = std::vector<std::pair<std::string, std::string>>;

  /// `window`: what the server may send on a stream before more is granted; 0: nothing ever is.
  explicit Http2Client(const std::string& address, std::uint32_t window = 65535);
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  /// A POST; its number. `whole`: the body ends with it.
  std::int32_t post(const std::string& target, std::string body, const Headers& more = {},
                    bool whole = true);
  /// Takes a request back.
  void reset(std::int32_t stream);
  void ping();

  /// Sends and reads until `done`; throws as well when the server closes before.
  void run_until(const std::function<bool()>& done);
  const Stream& await(std::int32_t stream);
  const Stream& call(const std::string& target, std::string body, const Headers& more = {}) {
    return await(post(target, std::move(body), more));
  }
  /// Sends and reads until the server has closed; the error of its GOAWAY.
  std::optional<std::uint32_t> await_end();
  /// All that is pending, without reading.
  void send();
  Stream& stream(std::int32_t number) { return streams_.at(number); }
  const RawClient& raw() const { return raw_; }

 private:
  struct Callbacks;
  /// False: the server has closed.
  bool exchange(int wait_ms);

  RawClient raw_;
  std::unique_ptr<nghttp2_session, void (*)(nghttp2_session*)> session_;
  std::map<std::int32_t, Stream> streams_;
  std::optional<std::uint32_t> goaway_;
  std::string output_;
};

}  // namespace ceiling::frontend
