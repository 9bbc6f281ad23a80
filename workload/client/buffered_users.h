#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "workload/client/frontend_pool.h"
#include "workload/client/health.h"
#include "workload/client/kinesis_json.h"
#include "workload/client/record_buffer.h"

namespace ceiling {

/// A service each of whose users leaves a record in the stream, by way of a buffer. Records are put
/// through all frontends at once, one through each; after a failure one at a time, until that works
/// again. A record is put until one stores it: at least once, as the SDKs do. A user whose record
/// finds no place waits for one.
class BufferedUsers {
 public:
  struct Options {
    RecordBuffer::Policy policy = RecordBuffer::Policy::block;
    std::size_t capacity = 0;
    int users_per_s = 0;           ///< of its own, beside those of login()
    std::size_t record_bytes = 0;  ///< of each of theirs
    std::string name;              ///< in front of partition keys
    std::string token;
  };

  /// `frontends` must outlive this; so must this outlive the running of the event loop. Throws
  /// std::invalid_argument.
  BufferedUsers(boost::asio::any_io_executor executor, Options options, FrontendPool& frontends);

  /// One user from outside. `served` is called when the record is in the buffer, at once where
  /// there is room; false: too many wait already, this one is turned away.
  void login(std::function<void(bool)> served);

  /// Not ok while users wait.
  Health health() const;

  /// Users from outside that may wait: each holds a connection.
  static constexpr std::size_t kMostWaiting = 256;
  /// Before a put is tried again.
  static constexpr std::chrono::milliseconds kRetryPause{20};

 private:
  void next_user();
  std::string record() const;
  void put();
  void put_one(const FrontendPool::Frontend& frontend, std::string record);
  void put_again_later();
  void admit();

  RecordBuffer buffer_;
  Options options_;
  FrontendPool& frontends_;
  KinesisRequests requests_;
  boost::asio::steady_timer user_timer_;
  boost::asio::steady_timer retry_timer_;
  std::chrono::steady_clock::time_point next_user_at_;
  bool own_user_waits_ = false;
  bool failing_ = false;  // the last put that ended was no success
  std::deque<std::function<void(bool)>> waiting_;
  std::uint64_t keys_ = 0;
};

}  // namespace ceiling
