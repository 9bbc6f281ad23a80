#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tests/support/workload_programs/program.h"
#include "workload/protocol/wire.h"

namespace ceiling::testing_programs {

/// One blocking connection to a program. Waits of more than five seconds end in std::system_error.
class Peer {
 public:
  /// "127.0.0.1:PORT", or "@name" for a status endpoint.
  explicit Peer(const std::string& address);
  /// A connected socket, owned from here on.
  explicit Peer(int socket);
  /// With hello said.
  Peer(const std::string& address, wire::Role role, const std::string& name,
       const std::string& token = kToken);
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer();

  void send(const wire::Envelope& envelope) const;
  void send_bytes(std::string_view bytes) const;
  wire::Envelope receive() const;
  /// No more is going to be sent; what comes can still be read.
  void cut() const;
  /// Reads until the other side closes; the reason when it said one.
  std::string read_to_the_end() const;
  /// Nothing arrives for this long.
  bool quiet(std::chrono::milliseconds time = std::chrono::milliseconds(0)) const;

  void join_frontend(const std::string& name,
                     const std::string& peer_address = "127.0.0.1:1") const;
  void join_backend(const std::string& name, const std::string& address) const;
  /// Membership's next answer to RenewLeases.
  wire::Leases renew() const;
  wire::PutDone put(std::uint32_t shard, std::uint64_t epoch, const std::string& data) const;
  wire::GetDone get(std::uint32_t shard, std::uint64_t epoch, std::uint64_t from = 1) const;

 private:
  int socket_ = -1;
};

/// Watches the status endpoint until `wanted` holds. Throws std::system_error after five seconds
/// without a change.
wire::Status wait_for_status(const std::string& where,
                             const std::function<bool(const wire::Status&)>& wanted);

}  // namespace ceiling::testing_programs
