#include "workload/backend/backend_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <limits>
#include <utility>

#include "workload/protocol/process.h"

namespace ceiling {

using boost::asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using wire::Connection;
using wire::Envelope;

namespace {

// Between two looks for records past their time: a hundredth of it, within these.
constexpr milliseconds kTrimOften{100};
constexpr milliseconds kTrimSeldom{10'000};

// It goes into log lines.
bool is_printable(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 127; });
}

std::uint64_t now_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(since).count());
}

}  // namespace

BackendServer::BackendServer(boost::asio::any_io_executor executor, BackendOptions options)
    : options_(std::move(options)),
      store_(options_.data, options_.max_bytes, options_.write),
      acceptor_(executor, wire::endpoint_of(options_.listen)),
      address_(wire::to_string(acceptor_.local_endpoint())),
      expiry_(executor),
      trimming_(executor) {
  refresh();
  trim();
  if (!options_.status.empty()) {
    status_.emplace(executor, options_.status, [this] { return status(); });
  }
  wire::accept_all(acceptor_, [this](tcp::socket socket) { accept(std::move(socket)); });
  wire::Hello hello;
  hello.set_token(options_.token);
  hello.set_role(wire::ROLE_BACKEND);
  hello.set_name(options_.name);
  wire::Backend self;
  self.set_name(options_.name);
  self.set_address(address_);
  membership_.emplace(
      executor, options_.membership, hello, self,
      [this](const wire::Leases& leases, LeaseTable::Time from) { granted(leases, from); });
}

void BackendServer::accept(tcp::socket socket) {
  boost::system::error_code gone;
  const std::string from = wire::to_string(socket.remote_endpoint(gone));
  auto connection = std::make_shared<Connection>(std::move(socket));
  Connection* key = connection.get();
  sessions_[key] = {connection, from};
  connection->start(
      [this, key](Envelope message) {
        const auto session = sessions_.find(key);
        if (session != sessions_.end()) handle(session->second, message);
      },
      [this, key](std::string_view reason) { closed(key, reason); });
  connection->expect_within(wire::kHelloPatience);
}

void BackendServer::handle(Session& session, Envelope& message) {
  if (!session.greeted) {
    return greet(session, wire::check_hello(message, options_.token));
  }
  if (message.has_put()) return put(session, *message.mutable_put());
  if (message.has_get()) return session.connection->send(get(message.get()));
  throw wire::ProtocolError(
      fmt::format("message {} is out of place", static_cast<int>(message.message_case())));
}

void BackendServer::greet(Session& session, const wire::Hello& hello) {
  if (!is_printable(hello.name())) throw wire::ProtocolError("hello with a bad name");
  if (hello.role() != wire::ROLE_FRONTEND && hello.role() != wire::ROLE_CLIENT &&
      hello.role() != wire::ROLE_CACHE) {
    throw wire::ProtocolError("only frontends, cache servers and clients are served");
  }
  session.greeted = true;
  session.label = fmt::format("{} ({})", hello.name(), session.label);
  session.connection->send_frame(ownership_);
}

void BackendServer::closed(Connection* key, std::string_view reason) {
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return;
  if (!reason.empty()) {
    ++protocol_errors_;
    log(fmt::format("connection of {} closed: {}", found->second.label, reason));
  }
  sessions_.erase(found);
}

const wire::Lease* BackendServer::lease_of(const std::string& stream, std::uint32_t shard) const {
  return leases_.find({stream, shard}, steady_clock::now());
}

void BackendServer::put(const Session& session, wire::Put& put) {
  Envelope answer;
  wire::PutDone& done = *answer.mutable_put_done();
  done.set_id(put.id());
  if (!accept_put(put, done)) return session.connection->send(answer);
  waiting_.push_back({session.connection, std::move(answer)});
  commit();
}

// False: `done` says why not.
bool BackendServer::accept_put(wire::Put& put, wire::PutDone& done) {
  const wire::Lease* const lease = lease_of(put.stream(), put.shard());
  done.set_epoch(lease == nullptr ? 0 : lease->epoch());
  if (lease == nullptr || lease->closed() || lease->epoch() != put.epoch()) {
    done.set_result(wire::RESULT_NOT_OWNER);
    return false;
  }
  if (lease->limited() &&
      !throttle_.take_put({put.stream(), put.shard()},
                          put.partition_key().size() + put.data().size(), steady_clock::now())) {
    done.set_result(wire::RESULT_LIMITED);
    return false;
  }
  if (put.partition_key().size() + put.data().size() > RecordStore::kMaxRecordBytes) {
    done.set_result(wire::RESULT_TOO_LARGE);
    return false;
  }
  const auto sequence =
      store_.append({put.stream(), put.shard()}, std::move(*put.mutable_partition_key()),
                    std::move(*put.mutable_data()), now_ms());
  if (!std::exchange(full_, !sequence) && full_) {
    log(fmt::format("refuses puts: {} of {} bytes in use, or less than {} MiB free on the disk",
                    store_.bytes(), options_.max_bytes, RecordStore::kSpareBytes >> 20));
  }
  done.set_result(sequence ? wire::RESULT_OK : wire::RESULT_FULL);
  done.set_sequence(sequence.value_or(0));
  return sequence.has_value();
}

// At the end of this turn of the loop: what came together is one batch, and what arrives while that
// is under way goes with the next.
void BackendServer::commit() {
  if (committing_ || !store_.pending() || std::exchange(committing_soon_, true)) return;
  boost::asio::post(acceptor_.get_executor(), [this] {
    committing_soon_ = false;
    commit_now();
  });
}

void BackendServer::commit_now() {
  committing_ = true;
  auto commit = std::make_shared<Commit>(Commit{store_.take(), std::exchange(waiting_, {})});
  boost::asio::post(committer_, [this, commit, loop = acceptor_.get_executor()] {
    std::exception_ptr failure;
    try {
      store_.commit(commit->batch);
    } catch (...) {
      failure = std::current_exception();
    }
    boost::asio::post(loop, [this, commit, failure] { committed(*commit, failure); });
  });
}

void BackendServer::committed(const Commit& commit, const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
  committing_ = false;
  store_.committed(commit.batch);
  for (const Waiting& put : commit.waiting) put.connection->send(put.answer);
  if (commits_before_closed_ > 0 && --commits_before_closed_ == 0) say_closed();
  this->commit();
}

void BackendServer::trim() {
  const auto retained = static_cast<std::uint64_t>(options_.retention.count());
  store_.trim(now_ms() - std::min(now_ms(), retained));
  commit();
  trimming_.expires_after(std::clamp(options_.retention / 100, kTrimOften, kTrimSeldom));
  trimming_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) trim();
  });
}

Envelope BackendServer::get(const wire::Get& get) {
  Envelope envelope;
  wire::GetDone& done = *envelope.mutable_get_done();
  done.set_id(get.id());
  const ShardId shard{get.stream(), get.shard()};
  const auto now = steady_clock::now();
  const wire::Lease* const lease = leases_.find(shard, now);
  done.set_epoch(lease == nullptr ? 0 : lease->epoch());
  if (lease == nullptr || (get.epoch() != 0 && lease->epoch() != get.epoch())) {
    done.set_result(wire::RESULT_NOT_OWNER);
    return envelope;
  }
  // An iterator is no read of records: it only asks where one begins.
  const bool limited = lease->limited() && get.epoch() != 0 && !get.only_where();
  if (limited && !throttle_.take_read(shard, now)) {
    done.set_result(wire::RESULT_LIMITED);
    return envelope;
  }
  auto page = store_.read(shard, get.from_sequence(), get.limit(), get.from_arrived_ms());
  std::size_t bytes = 0;
  for (wire::Record& record : page.records) {
    bytes += record.partition_key().size() + record.data().size();
    *done.add_records() = std::move(record);
  }
  if (limited) throttle_.charge_read(shard, bytes, now);
  done.set_result(wire::RESULT_OK);
  done.set_next_sequence(page.next_sequence);
  done.set_more(page.more);
  done.set_latest_arrived_ms(page.latest_arrived_ms);
  return envelope;
}

void BackendServer::granted(const wire::Leases& leases, LeaseTable::Time from) {
  leases_.grant(leases, from);
  throttle_.set(leases.limits());
  commits_before_closed_ = (committing_ ? 1 : 0) + (store_.pending() ? 1 : 0);
  if (commits_before_closed_ == 0) say_closed();
  expiry_.expires_at(leases_.expires_at());
  expiry_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) refresh();
  });
  refresh();
}

// Closed shards get no more puts, and those before are on disk.
void BackendServer::say_closed() {
  Envelope envelope;
  wire::ClosedShards& said = *envelope.mutable_closed_shards();
  for (const wire::Lease& lease : leases_.held(steady_clock::now())) {
    if (!lease.closed()) continue;
    wire::ClosedShard& closed = *said.add_shards();
    closed.set_stream(lease.stream());
    closed.set_shard(lease.shard());
    constexpr auto kPastTheEnd = std::numeric_limits<std::uint64_t>::max();
    closed.set_end(store_.read({lease.stream(), lease.shard()}, kPastTheEnd, 1).next_sequence);
  }
  if (said.shards_size() > 0) membership_->send(envelope);
}

void BackendServer::refresh() {
  Envelope envelope;
  wire::Ownership& ownership = *envelope.mutable_ownership();
  ownership.set_backend(options_.name);
  for (wire::Lease& lease : leases_.held(steady_clock::now())) {
    *ownership.add_leases() = std::move(lease);
  }
  std::string frame = wire::encode(envelope);
  if (frame == ownership_) return;
  ownership_ = std::move(frame);
  shards_owned_ = static_cast<std::uint64_t>(ownership.leases_size());
  log(fmt::format("owns {} shards", shards_owned_));
  for (const auto& [key, session] : sessions_) {
    if (session.greeted) session.connection->send_frame(ownership_);
  }
  if (status_) status_->changed();
}

wire::Status BackendServer::status() const {
  wire::Status status;
  status.set_name(options_.name);
  status.set_role(wire::ROLE_BACKEND);
  status.set_address(address_);
  status.set_shards_owned(shards_owned_);
  status.set_records(store_.records());
  status.set_protocol_errors(protocol_errors_);
  return status;
}

void BackendServer::log(const std::string& text) const {
  wire::log_line(options_.name, text);
}

}  // namespace ceiling
