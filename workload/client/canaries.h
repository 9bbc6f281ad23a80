#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "workload/client/pair.h"

namespace ceiling {

/// Pairs at a steady rate, in turn over the targets, and with every round over them to the next
/// shard. A turn whose target still has the canary before under way is skipped.
class Canaries {
 public:
  /// `pairs_per_s` 0: none. `traffic` and `targets` are looked at on every turn and must outlive
  /// this; so must this outlive the running of the event loop.
  Canaries(boost::asio::any_io_executor executor, int pairs_per_s, Traffic& traffic,
           const std::vector<std::shared_ptr<Target>>& targets);

  void start();
  /// No new pairs. `idle` is called once, when the last one under way has ended: at once, if none
  /// is.
  void stop(std::function<void()> idle);

  std::uint64_t skipped() const { return skipped_; }

 private:
  void wait();
  void turn();

  boost::asio::steady_timer timer_;
  std::chrono::nanoseconds period_;
  Traffic& traffic_;
  const std::vector<std::shared_ptr<Target>>& targets_;
  std::function<void()> idle_;
  std::size_t target_ = 0;
  std::size_t shard_ = 0;
  std::size_t under_way_ = 0;
  std::uint64_t skipped_ = 0;
  bool running_ = false;
};

}  // namespace ceiling
