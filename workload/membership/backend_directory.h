#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "messages.pb.h"

namespace ceiling {

/// Which backends there are and who owns which shard. When `expected` backends are there, the
/// shards of all streams are dealt out in turn to the backends in the order of their names, once
/// and for all: a shard waits for its backend to come back and gets a new epoch then.
class BackendDirectory {
 public:
  BackendDirectory(std::vector<wire::Stream> streams, std::size_t expected);

  /// A new backend, or one that comes back under its name, maybe at another address: its shards
  /// then rise by one epoch. Throws wire::ProtocolError for a name that is connected, a backend too
  /// many, a bad name or address.
  void join(const wire::Backend& backend);
  /// Its connection is gone. Before the shards were dealt out its place is free again.
  void lost(std::string_view name);

  /// All backends were there once: the configuration can be vended.
  bool complete() const { return complete_; }
  std::size_t connected() const;
  /// In the order of the streams; empty before complete().
  std::vector<wire::Lease> leases_of(std::string_view name) const;
  /// By name.
  std::vector<wire::Backend> backends() const;
  const std::vector<wire::Stream>& streams() const { return streams_; }

 private:
  struct Entry {
    wire::Backend backend;
    std::uint64_t epoch = 1;
    bool connected = true;
  };

  std::vector<wire::Stream> streams_;
  std::size_t expected_;
  bool complete_ = false;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace ceiling
