#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/workload_programs/peer.h"
#include "workload/protocol/hash_key.h"

namespace ceiling::testing_programs {

/// Of account 000000000002.
wire::Change create(const std::string& stream, std::uint32_t shards);
wire::Change remove(const std::string& stream);
wire::Change split(const std::string& stream, std::uint32_t shard, HashKey at);
wire::Change merge(const std::string& stream, std::uint32_t shard, std::uint32_t other);

/// A frontend as far as membership sees one: it joins, asks for changes of streams and keeps what
/// it is told. The backends must be there. Waits of more than five seconds end in
/// std::system_error.
class Asker {
 public:
  Asker(const std::string& membership, const std::string& name);

  void send(wire::Change change);
  /// Takes what comes, up to and including the next answer.
  wire::ChangeDone answer();
  wire::ChangeDone ask(const wire::Change& change) {
    send(change);
    return answer();
  }
  /// Takes one more message.
  wire::Envelope receive();
  /// Nothing has come.
  bool quiet() const { return peer_.quiet(); }

  /// As it was told last.
  const wire::Configuration& configuration() const { return configuration_; }
  std::uint64_t version() const { return version_; }
  /// Requires that it is there.
  const wire::Stream& stream(const std::string& name) const;
  /// Kinds of all messages since this was asked last.
  std::vector<wire::Envelope::MessageCase> told();

 private:
  Peer peer_;
  wire::Configuration configuration_;
  std::uint64_t version_ = 0;
  std::uint64_t last_id_ = 0;
  std::vector<wire::Envelope::MessageCase> told_;
};

/// Until the backend at the other end owns this shard, closed or not as wanted; the lease.
wire::Lease await_lease(const Peer& backend, const std::string& stream, std::uint32_t shard,
                        bool closed = false);
/// The next answer; news of ownership before it are passed over.
wire::PutDone put(const Peer& backend, const wire::Lease& to, const std::string& data);
/// All records of a shard, by an audit.
std::vector<wire::Record> read_all(const Peer& backend, const wire::Lease& of);

}  // namespace ceiling::testing_programs
