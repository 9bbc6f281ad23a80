#include "workload/client/buffered_users.h"

#include <fmt/format.h>

#include <utility>

namespace ceiling {

using boost::system::error_code;

BufferedUsers::BufferedUsers(boost::asio::any_io_executor executor, Options options,
                             FrontendPool& frontends)
    : buffer_(options.policy, options.capacity),
      options_(std::move(options)),
      frontends_(frontends),
      requests_(options_.token),
      user_timer_(executor),
      retry_timer_(executor),
      next_user_at_(std::chrono::steady_clock::now()) {
  if (options_.users_per_s > 0) next_user();
}

void BufferedUsers::next_user() {
  next_user_at_ += std::chrono::nanoseconds(1'000'000'000 / options_.users_per_s);
  user_timer_.expires_at(next_user_at_);
  user_timer_.async_wait([this](error_code error) {
    if (error) return;
    // One that waits keeps those behind it waiting.
    if (!own_user_waits_) own_user_waits_ = !buffer_.add(record());
    if (!failing_) put();
    next_user();
  });
}

std::string BufferedUsers::record() const {
  return std::string(options_.record_bytes, 'x');
}

void BufferedUsers::login(std::function<void(bool)> served) {
  if (buffer_.add("login")) {
    served(true);
    if (!failing_) put();
    return;
  }
  if (waiting_.size() == kMostWaiting) return served(false);
  waiting_.push_back(std::move(served));
}

void BufferedUsers::put() {
  if (frontends_.streams().empty()) return put_again_later();
  while (!failing_ || buffer_.under_way() == 0) {
    const FrontendPool::Frontend* frontend = frontends_.next();
    if (frontend == nullptr) return put_again_later();
    auto record = buffer_.take();
    if (!record) return;
    put_one(*frontend, std::move(*record));
  }
}

void BufferedUsers::put_one(const FrontendPool::Frontend& frontend, std::string record) {
  const auto& streams = frontends_.streams();
  const std::string& stream = streams[++keys_ % streams.size()].name();
  std::string request =
      requests_.put(frontend.address, stream, fmt::format("{}-{}", options_.name, keys_), record);
  frontends_.exchange(frontend, std::move(request),
                      [this, record = std::move(record)](const Exchange& exchange) mutable {
                        failing_ =
                            exchange.end != Exchange::End::answered || exchange.status != 200;
                        if (failing_) {
                          buffer_.give_back(std::move(record));
                          return put_again_later();
                        }
                        buffer_.stored();
                        admit();
                        put();
                      });
}

void BufferedUsers::put_again_later() {
  retry_timer_.expires_after(kRetryPause);
  retry_timer_.async_wait([this](error_code error) {
    if (!error) put();
  });
}

void BufferedUsers::admit() {
  if (own_user_waits_) own_user_waits_ = !buffer_.add(record());
  while (!waiting_.empty() && buffer_.add("login")) {
    const auto served = std::move(waiting_.front());
    waiting_.pop_front();
    served(true);
  }
}

Health BufferedUsers::health() const {
  Health health{.buffered = buffer_.size(), .dropped = buffer_.dropped()};
  health.ok = !own_user_waits_ && waiting_.empty();
  if (!health.ok) health.reason = "the buffer is full, and users wait for it";
  return health;
}

}  // namespace ceiling
