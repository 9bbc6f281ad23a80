#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "workload/protocol/connection.h"

namespace ceiling {

/// This backend's connection to membership: joins, renews the leases at a third of their time, and
/// comes back for as long as the process lives when the connection is lost or refused.
class MembershipLink {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using OnLeases = std::function<void(const wire::Leases&, Time from)>;

  static constexpr std::chrono::milliseconds kRetry{200};

  /// `hello` and `self` are what this backend says of itself. `on_leases` gets every grant with the
  /// time from which it counts: when the renewal was asked for that was answered last; before the
  /// first one, when the first grant arrived.
  MembershipLink(boost::asio::any_io_executor executor, std::string address, wire::Hello hello,
                 wire::Backend self, OnLeases on_leases);

  /// Nothing is said while there is no connection.
  void send(const wire::Envelope& envelope) {
    if (connection_) connection_->send(envelope);
  }

 private:
  void connect();
  void connected(std::shared_ptr<wire::Connection> connection);
  void handle(const wire::Envelope& message);
  void granted(const wire::Leases& leases);
  void renew();
  void lost(const std::string& reason);

  boost::asio::any_io_executor executor_;
  std::string address_;
  wire::Hello hello_;
  wire::Backend self_;
  OnLeases on_leases_;
  std::shared_ptr<wire::Connection> connection_;
  boost::asio::steady_timer retry_;
  boost::asio::steady_timer renewal_;
  std::uint64_t asked_ = 0;   // id of the last renewal
  Time asked_at_{};           // when
  std::optional<Time> from_;  // when the leases of this connection began to count
  std::string last_loss_;     // so that the same reason is logged once, not five times a second
};

}  // namespace ceiling
