#include "tests/support/workload_programs/stream_changes.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "workload/protocol/routes.h"

namespace ceiling::testing_programs {

using wire::Envelope;

namespace {

wire::Change change(const std::string& stream) {
  wire::Change change;
  change.set_account("000000000002");
  change.set_stream(stream);
  return change;
}

Envelope answer_of(const Peer& backend) {
  Envelope message = backend.receive();
  while (message.has_ownership()) message = backend.receive();
  return message;
}

}  // namespace

wire::Change create(const std::string& stream, std::uint32_t shards) {
  wire::Change made = change(stream);
  made.set_create(shards);
  return made;
}

wire::Change remove(const std::string& stream) {
  wire::Change made = change(stream);
  made.set_remove(true);
  return made;
}

wire::Change split(const std::string& stream, std::uint32_t shard, HashKey at) {
  wire::Change made = change(stream);
  made.mutable_split()->set_shard(shard);
  made.mutable_split()->set_at(wire::bytes_of(at));
  return made;
}

wire::Change merge(const std::string& stream, std::uint32_t shard, std::uint32_t other) {
  wire::Change made = change(stream);
  made.mutable_merge()->set_shard(shard);
  made.mutable_merge()->set_other(other);
  return made;
}

Asker::Asker(const std::string& membership, const std::string& name)
    : peer_(membership, wire::ROLE_FRONTEND, name) {
  peer_.join_frontend(name);
  while (version_ == 0 || configuration_.streams().empty()) receive();
  told_.clear();
}

void Asker::send(wire::Change change) {
  change.set_id(++last_id_);
  Envelope envelope;
  *envelope.mutable_change() = std::move(change);
  peer_.send(envelope);
}

wire::ChangeDone Asker::answer() {
  while (true) {
    const Envelope message = receive();
    if (message.has_change_done()) return message.change_done();
  }
}

Envelope Asker::receive() {
  Envelope message = peer_.receive();
  if (message.message_case() == Envelope::MESSAGE_NOT_SET) {
    throw std::runtime_error("membership has closed the connection");
  }
  told_.push_back(message.message_case());
  if (message.has_configuration()) configuration_ = message.configuration();
  if (message.has_members()) version_ = message.members().version();
  return message;
}

const wire::Stream& Asker::stream(const std::string& name) const {
  const auto& streams = configuration_.streams();
  const auto found = std::find_if(streams.begin(), streams.end(),
                                  [&](const wire::Stream& one) { return one.name() == name; });
  if (found == streams.end()) throw std::runtime_error("no stream " + name);
  return *found;
}

std::vector<Envelope::MessageCase> Asker::told() {
  return std::exchange(told_, {});
}

wire::Lease await_lease(const Peer& backend, const std::string& stream, std::uint32_t shard,
                        bool closed) {
  while (true) {
    const Envelope message = backend.receive();
    if (!message.has_ownership()) throw std::runtime_error("a backend that ends, or answers");
    for (const wire::Lease& lease : message.ownership().leases()) {
      const bool same = lease.stream() == stream && lease.shard() == shard;
      if (same && lease.closed() == closed) return lease;
    }
  }
}

wire::PutDone put(const Peer& backend, const wire::Lease& to, const std::string& data) {
  Envelope envelope;
  wire::Put& put = *envelope.mutable_put();
  put.set_stream(to.stream());
  put.set_shard(to.shard());
  put.set_epoch(to.epoch());
  put.set_partition_key("key");
  put.set_data(data);
  backend.send(envelope);
  return answer_of(backend).put_done();
}

std::vector<wire::Record> read_all(const Peer& backend, const wire::Lease& of) {
  std::vector<wire::Record> records;
  Envelope envelope;
  wire::Get& get = *envelope.mutable_get();
  get.set_stream(of.stream());
  get.set_shard(of.shard());
  wire::GetDone page;
  do {
    get.set_from_sequence(page.next_sequence());
    backend.send(envelope);
    page = answer_of(backend).get_done();
    if (page.result() != wire::RESULT_OK) throw std::runtime_error("a shard that cannot be read");
    records.insert(records.end(), page.records().begin(), page.records().end());
  } while (page.more());
  return records;
}

}  // namespace ceiling::testing_programs
