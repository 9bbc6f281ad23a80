#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "messages.pb.h"
#include "workload/protocol/http_channel.h"

namespace ceiling {

/// The frontends that membership lists, in turn, and the streams that there are.
class FrontendPool {
 public:
  struct Options {
    std::string name;        ///< of this client
    std::string membership;  ///< address
    std::string token;
    std::chrono::milliseconds timeout{1000};  ///< of an exchange with a frontend
  };
  /// Called with the exit status 69 where membership cannot be reached or refuses us.
  using Ended = std::function<void(int)>;

  struct Frontend {
    std::string address;
    std::shared_ptr<HttpChannel> channel;
  };

  /// Throws std::invalid_argument for an address. Must outlive the running of the event loop.
  FrontendPool(boost::asio::any_io_executor executor, Options options, Ended ended);
  FrontendPool(const FrontendPool&) = delete;
  FrontendPool& operator=(const FrontendPool&) = delete;
  ~FrontendPool();

  /// The next one in turn that has no exchange under way; nullptr where there is none. Valid until
  /// the event loop goes on.
  const Frontend* next();
  /// As HttpChannel::exchange().
  void exchange(const Frontend& with, std::string request, HttpChannel::Done done);
  /// Empty until membership has said.
  const std::vector<wire::Stream>& streams() const { return streams_; }

 private:
  void follow(const wire::Members& members);

  boost::asio::any_io_executor executor_;
  Options options_;
  Ended ended_;
  std::vector<wire::Stream> streams_;
  std::vector<Frontend> frontends_;
  std::set<std::string> busy_;  // addresses
  std::size_t turn_ = 0;
};

}  // namespace ceiling
