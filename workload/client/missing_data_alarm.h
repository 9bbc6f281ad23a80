#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "workload/client/frontend_pool.h"
#include "workload/client/health.h"
#include "workload/client/kinesis_json.h"

namespace ceiling {

/// Reads every shard in turn, each from where it was, and alarms when no record that it had not
/// seen yet has come for `missing_after`. When a record comes is measured here.
class MissingDataAlarm {
 public:
  /// `frontends` must outlive this; so must this outlive the running of the event loop.
  MissingDataAlarm(boost::asio::any_io_executor executor, std::chrono::milliseconds missing_after,
                   const std::string& token, FrontendPool& frontends);

  /// Not ok in alarm.
  Health health() const;

 private:
  using Clock = std::chrono::steady_clock;
  using Shard = std::pair<std::string, int>;

  void wait();
  void read();
  Shard next_shard();

  std::chrono::milliseconds missing_after_;
  FrontendPool& frontends_;
  KinesisRequests requests_;
  boost::asio::steady_timer timer_;
  std::map<Shard, std::uint64_t> from_;  // sequence; 1 where it is missing
  std::optional<Clock::time_point> last_record_;
  bool reading_ = false;
  std::size_t turn_ = 0;
};

}  // namespace ceiling
