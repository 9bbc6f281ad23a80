#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <functional>

namespace ceiling {

/// SIGINT, SIGTERM or SIGHUP arrived. `run` ends, cleans up, and returns 128 + signal.
struct Interrupted {
  int signal = 0;
};

/// The harness's one thread: everything that it hears from processes arrives here, and it waits for
/// events, never for time.
class EventLoop {
 public:
  EventLoop();

  boost::asio::io_context& context() { return context_; }

  /// Handles events until `done`, which is asked after each of them. False when `patience` ran out
  /// first. Throws Interrupted, once for each signal, and whatever a handler throws.
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds patience);

 private:
  void hear();

  boost::asio::io_context context_{1};
  boost::asio::signal_set signals_;
  int signal_ = 0;
};

}  // namespace ceiling
