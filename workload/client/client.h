#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workload/client/canaries.h"
#include "workload/client/pair.h"
#include "workload/protocol/connection.h"
#include "workload/protocol/status_server.h"

namespace ceiling {

struct ClientOptions {
  std::string name;
  std::string membership;  ///< address
  std::string token;
  int pairs_per_s = 0;            ///< 0: sweeps only
  std::optional<int> control_fd;  ///< a connected stream socket; nothing: follow the member list
  std::string status;             ///< where (status_server.h); empty: no status endpoint
  std::chrono::milliseconds timeout{5000};
};

/// The whole client on one event loop: the configuration comes from membership, orders from the
/// control connection, operations go out to the frontends and are reported on the control
/// connection. Sweeps and audits are done one after another, in the order in which they were asked
/// for.
class Client {
 public:
  /// Called when there is nothing more to do, with the exit status: 0 when the control connection
  /// has closed, 69 when membership cannot be reached or refuses us.
  using Ended = std::function<void(int)>;

  /// Throws std::invalid_argument for an address, boost::system::system_error for a descriptor or
  /// an endpoint that cannot be used. Must outlive the running of `io`.
  Client(boost::asio::io_context& io, ClientOptions options, Ended ended);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  OperationLog::Counts counts() const;
  /// Turns of canaries that were skipped.
  std::uint64_t skipped() const { return canaries_ ? canaries_->skipped() : 0; }
  std::size_t targets() const { return targets_.size(); }

 private:
  void take_control(int fd);
  void ordered(const wire::Envelope& message);
  void configure(const wire::Configuration& configuration);
  template <typename Members>
  void aim_at(const Members& members);
  void next_job();
  void sweep_now(std::uint64_t id);
  void audit_now();
  void job_done(const wire::Envelope& answer);
  void tell(const wire::Envelope& envelope);
  wire::Status status() const;

  boost::asio::io_context& io_;
  ClientOptions options_;
  Ended ended_;
  std::shared_ptr<wire::Connection> control_;
  std::optional<wire::Configuration> configuration_;
  std::uint64_t members_version_ = 0;
  std::vector<std::shared_ptr<Target>> targets_;
  std::optional<Traffic> traffic_;    // with the configuration
  std::optional<Canaries> canaries_;  // with the configuration
  std::deque<std::function<void()>> jobs_;
  bool job_under_way_ = false;
  std::optional<wire::StatusServer> status_server_;
};

}  // namespace ceiling
