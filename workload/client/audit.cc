#include "workload/client/audit.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "workload/protocol/connection.h"
#include "workload/protocol/routes.h"

namespace ceiling {
namespace {

constexpr std::uint32_t kPageRecords = 1000;

struct AuditedShard {
  std::string id;      // of its stream, for backends
  std::string stream;  // its name
  std::uint32_t number = 0;
  bool owned = false;
};

struct Findings {
  Traffic& traffic;
  std::vector<AuditedShard> shards;
  std::uint64_t records = 0;
  std::string problem;  // the first
  std::size_t backends_left = 0;
  std::function<void(wire::AuditDone)> done;

  void backend_done(const std::string& wrong);
};

void Findings::backend_done(const std::string& wrong) {
  if (problem.empty()) problem = wrong;
  if (--backends_left != 0) return;
  for (const AuditedShard& shard : shards) {
    if (shard.owned || !problem.empty()) continue;
    problem = fmt::format("{} shard {} has no backend", shard.stream, shard.number);
  }
  wire::AuditDone result;
  result.set_records(records);
  result.set_complete(problem.empty());
  result.set_problem(problem);
  done(result);
}

// One backend, asked for shard after shard, page after page.
class BackendReader : public std::enable_shared_from_this<BackendReader> {
 public:
  BackendReader(const Audit& how, wire::Backend backend, std::shared_ptr<Findings> findings)
      : how_(how),
        backend_(std::move(backend)),
        findings_(std::move(findings)),
        deadline_(how.executor) {}

  void start();

 private:
  void connected(std::shared_ptr<wire::Connection> connection);
  void ask();
  void answered(const wire::Envelope& message);
  void expect_answer();
  void finish(const std::string& problem);

  Audit how_;
  wire::Backend backend_;
  std::shared_ptr<Findings> findings_;
  std::shared_ptr<wire::Connection> connection_;
  boost::asio::steady_timer deadline_;
  std::size_t shard_ = 0;
  std::uint64_t from_sequence_ = 0;
  std::uint64_t id_ = 0;
  bool finished_ = false;
};

void BackendReader::start() {
  expect_answer();
  try {
    wire::connect(how_.executor, backend_.address(),
                  [self = shared_from_this()](std::shared_ptr<wire::Connection> connection,
                                              const std::string& reason) {
                    if (self->finished_) return;
                    if (!connection) return self->finish(reason);
                    self->connected(std::move(connection));
                  });
  } catch (const std::invalid_argument& wrong) {
    boost::asio::post(how_.executor, [self = shared_from_this(), text = std::string(wrong.what())] {
      self->finish(text);
    });
  }
}

void BackendReader::connected(std::shared_ptr<wire::Connection> connection) {
  connection_ = std::move(connection);
  connection_->start(
      [self = shared_from_this()](const wire::Envelope& message) { self->answered(message); },
      [self = shared_from_this()](std::string_view reason) {
        self->finish(reason.empty() ? "closed the connection" : std::string(reason));
      });
  wire::Envelope hello;
  hello.mutable_hello()->set_token(findings_->traffic.requests.token());
  hello.mutable_hello()->set_role(wire::ROLE_CLIENT);
  hello.mutable_hello()->set_name(how_.name);
  connection_->send(hello);
  ask();
}

void BackendReader::ask() {
  if (shard_ == findings_->shards.size()) return finish("");
  const AuditedShard& shard = findings_->shards[shard_];
  wire::Envelope envelope;
  wire::Get& get = *envelope.mutable_get();
  get.set_id(++id_);
  get.set_stream(shard.id);
  get.set_shard(shard.number);
  get.set_from_sequence(from_sequence_);
  get.set_limit(kPageRecords);
  connection_->send(envelope);
  expect_answer();
}

void BackendReader::answered(const wire::Envelope& message) {
  if (finished_) return;
  if (message.has_rejected()) return finish("refused: " + message.rejected().reason());
  if (message.has_ownership()) return;  // told to everyone who says hello
  if (!message.has_get_done() || message.get_done().id() != id_) {
    throw wire::ProtocolError("expected the answer to a get");
  }
  const wire::GetDone& page = message.get_done();
  AuditedShard& shard = findings_->shards[shard_];
  if (page.result() == wire::RESULT_OK) {
    shard.owned = true;
    for (const wire::Record& record : page.records()) {
      findings_->traffic.log.found(shard.stream, static_cast<int>(shard.number), record);
      ++findings_->records;
    }
    if (page.more() && page.next_sequence() <= from_sequence_) {
      throw wire::ProtocolError("says that there is more and does not go on");
    }
  } else if (page.result() != wire::RESULT_NOT_OWNER) {
    throw wire::ProtocolError("a get without a result");
  }
  const bool more = page.result() == wire::RESULT_OK && page.more();
  from_sequence_ = more ? page.next_sequence() : 0;
  if (!more) ++shard_;
  ask();
}

void BackendReader::expect_answer() {
  deadline_.expires_after(how_.timeout);
  deadline_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->finish(fmt::format("no answer in {} ms", self->how_.timeout.count()));
  });
}

void BackendReader::finish(const std::string& problem) {
  if (std::exchange(finished_, true)) return;
  deadline_.cancel();
  if (connection_) std::exchange(connection_, nullptr)->close();
  findings_->backend_done(
      problem.empty() ? "" : fmt::format("backend {}: {}", backend_.name(), problem));
}

std::vector<AuditedShard> shards_in(const wire::Configuration& configuration) {
  std::vector<AuditedShard> shards;
  for (const wire::Stream& stream : configuration.streams()) {
    for (const wire::Shard& shard : wire::shards_of(stream)) {
      shards.push_back({wire::id_of(stream), stream.name(), shard.number()});
    }
  }
  return shards;
}

}  // namespace

void audit(const Audit& how, Traffic& traffic, const wire::Configuration& configuration,
           std::function<void(wire::AuditDone)> done) {
  auto findings = std::make_shared<Findings>(
      Findings{traffic, shards_in(configuration), 0, "",
               static_cast<std::size_t>(configuration.backends_size()), std::move(done)});
  if (configuration.backends_size() == 0) {
    findings->backends_left = 1;
    boost::asio::post(how.executor, [findings] { findings->backend_done("there is no backend"); });
  }
  for (const wire::Backend& backend : configuration.backends()) {
    std::make_shared<BackendReader>(how, backend, findings)->start();
  }
}

}  // namespace ceiling
