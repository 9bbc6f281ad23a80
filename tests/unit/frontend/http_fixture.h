#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/frontend/raw_client.h"
#include "workload/frontend/http_listener.h"

namespace ceiling::frontend {

/// A listener on a thread of its own. Its handler answers with the body of the request, or does
/// what the target says: "/hold" waits for answer_held(), "/big" answers with as many bytes as the
/// body says, "/twice" answers twice, "/headers" with what was received.
class EchoServer {
 public:
  explicit EchoServer(HttpLimits limits = {}, std::size_t places = 8);
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;
  ~EchoServer();

  std::string address() const { return listener_->address(); }
  /// Waits until the handler holds that many requests.
  void await_held(std::size_t count);
  /// Answers what is held with its body, the last one first, and waits until that is done.
  void answer_held();
  /// The log, as soon as `text` is in it.
  std::string await_log(std::string_view text);
  std::string log();

 private:
  void handle(HttpRequest request, const Reply& reply);

  boost::asio::io_context loop_{1};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<HttpRequest, Reply>> held_;
  std::string log_;
  std::unique_ptr<HttpListener> listener_;
  std::thread thread_;
};

}  // namespace ceiling::frontend
