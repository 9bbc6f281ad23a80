#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <string>

#include "messages.pb.h"

namespace ceiling {

/// What membership tells a client, on the event loop.
struct MembershipNews {
  std::function<void(const wire::Configuration&)> configuration;
  std::function<void(const wire::Members&)> members;
  /// It cannot be reached, has closed the connection or refused us, which is in the log.
  std::function<void()> lost;
};

/// Connects to membership at `address` as the client `name` and says hello. What `news` needs must
/// outlive the running of the event loop. Throws std::invalid_argument for an address.
void follow_membership(boost::asio::any_io_executor executor, const std::string& address,
                       const std::string& token, const std::string& name, MembershipNews news);

}  // namespace ceiling
