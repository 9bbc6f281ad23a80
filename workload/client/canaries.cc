#include "workload/client/canaries.h"

#include <algorithm>
#include <utility>

namespace ceiling {

using namespace std::chrono_literals;
using boost::system::error_code;

Canaries::Canaries(boost::asio::any_io_executor executor, int pairs_per_s, Traffic& traffic,
                   const std::vector<std::shared_ptr<Target>>& targets)
    : timer_(executor),
      period_(pairs_per_s == 0 ? 0ns : 1'000'000'000ns / pairs_per_s),
      traffic_(traffic),
      targets_(targets) {}

void Canaries::start() {
  if (running_ || period_ == 0ns) return;
  running_ = true;
  timer_.expires_after(period_);
  wait();
}

void Canaries::stop(std::function<void()> idle) {
  running_ = false;
  timer_.cancel();
  if (under_way_ == 0) return idle();
  idle_ = std::move(idle);
}

void Canaries::wait() {
  timer_.async_wait([this](error_code error) {
    if (error || !running_) return;
    turn();
    // The rate holds on average over delays of the event loop; more than a second is not caught up.
    const auto now = boost::asio::steady_timer::clock_type::now();
    timer_.expires_at(std::max(timer_.expiry() + period_, now - 1s));
    wait();
  });
}

void Canaries::turn() {
  if (targets_.empty() || traffic_.keys.shards().empty()) return;
  if (target_ >= targets_.size()) {
    target_ = 0;
    shard_ = (shard_ + 1) % traffic_.keys.shards().size();
  }
  const std::shared_ptr<Target> target = targets_[target_++];
  if (target->canary_under_way) {
    ++skipped_;
    return;
  }
  target->canary_under_way = true;
  ++under_way_;
  put_and_read_back(traffic_, target, target->canary, shard_, [this, target](PairResult) {
    target->canary_under_way = false;
    if (--under_way_ == 0 && idle_) std::exchange(idle_, nullptr)();
  });
}

}  // namespace ceiling
