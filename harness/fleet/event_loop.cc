#include "harness/fleet/event_loop.h"

#include <csignal>
#include <utility>

namespace ceiling {

EventLoop::EventLoop() : signals_(context_, SIGINT, SIGTERM, SIGHUP) {
  hear();
}

void EventLoop::hear() {
  signals_.async_wait([this](boost::system::error_code error, int number) {
    if (error) return;
    signal_ = number;
    hear();
  });
}

bool EventLoop::run_until(const std::function<bool()>& done, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  context_.restart();
  for (;;) {
    if (signal_ != 0) throw Interrupted{std::exchange(signal_, 0)};
    if (done()) return true;
    if (context_.run_one_until(deadline) == 0) return done();
  }
}

}  // namespace ceiling
