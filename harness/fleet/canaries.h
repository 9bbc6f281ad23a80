#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "harness/fleet/fleet.h"

namespace ceiling {

/// One ceiling-client beside a fleet: canaries at a set rate, sweeps over every shard through every
/// frontend, and the audit at the end. Every operation is recorded as the client reports it.
class Canaries {
 public:
  /// `rate_per_s` 0: sweeps and audit only. Throws Error, SpawnError.
  Canaries(Site& site, const Fleet& fleet, int rate_per_s);
  Canaries(const Canaries&) = delete;
  Canaries& operator=(const Canaries&) = delete;
  ~Canaries();

  /// The frontends to use from now on.
  void use(const std::vector<wire::Member>& frontends);
  /// Puts and reads back a record in every shard through every one of them, and records the share
  /// that worked. Throws Error when the client is gone or does not answer.
  RoutableEvent sweep(int fleet_size);
  /// Stops the canaries and records every shard that clients have made, and every record that the
  /// backends hold.
  void audit();

 private:
  void receive(const wire::Envelope& message);
  void record_shards(const wire::Stream& stream);
  void wait_for(bool Canaries::*answered, const char* what);

  Site& site_;
  std::optional<Site::Started> started_;
  std::shared_ptr<wire::Connection> control_;
  std::shared_ptr<bool> gone_;
  bool closed_ = false;
  bool swept_ = false;
  bool audited_ = false;
  std::uint64_t sweeps_ = 0;
  std::int64_t shards_ = 0;  // recorded
  wire::SweepDone sweep_;
};

}  // namespace ceiling
