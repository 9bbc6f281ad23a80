#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "messages.pb.h"

namespace ceiling {

/// Which backends there are and who owns which shard. When `expected` backends are there, shards
/// are dealt out by their turn to the backends in the order of their names, once and for all: a
/// shard waits for its backend to come back and gets a new epoch then.
class BackendDirectory {
 public:
  explicit BackendDirectory(std::size_t expected) : expected_(expected) {}

  /// A new backend, or one that comes back under its name, maybe at another address: its shards
  /// then rise by one epoch. Throws wire::ProtocolError for a name that is connected, a backend too
  /// many, a bad name or address.
  void join(const wire::Backend& backend);
  /// Its connection is gone. Before the shards were dealt out its place is free again.
  void lost(std::string_view name);

  /// All backends were there once: the configuration can be vended.
  bool complete() const { return complete_; }
  std::size_t connected() const;
  /// Of the shards of `streams`, in their order; empty before complete().
  std::vector<wire::Lease> leases_of(std::string_view name,
                                     std::span<const wire::Stream> streams) const;
  /// By name.
  std::vector<wire::Backend> backends() const;

 private:
  struct Entry {
    wire::Backend backend;
    std::uint64_t epoch = 1;
    bool connected = true;
  };

  std::size_t expected_;
  bool complete_ = false;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace ceiling
