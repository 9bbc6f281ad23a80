#include "workload/client/client.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "workload/client/audit.h"
#include "workload/client/membership_news.h"
#include "workload/client/sweep.h"
#include "workload/protocol/process.h"

namespace ceiling {
namespace {

constexpr int kExitUnavailable = 69;

}  // namespace

Client::Client(boost::asio::io_context& io, ClientOptions options, Ended ended)
    : io_(io), options_(std::move(options)), ended_(std::move(ended)) {
  if (options_.control_fd) take_control(*options_.control_fd);
  if (!options_.status.empty()) {
    status_server_.emplace(io_.get_executor(), options_.status, [this] { return status(); });
  }
  follow_membership(
      io_.get_executor(), options_.membership, options_.token, options_.name,
      {.configuration =
           [this](const wire::Configuration& configuration) { configure(configuration); },
       .members =
           [this](const wire::Members& members) {
             if (control_) return;
             members_version_ = members.version();
             aim_at(members.members());
           },
       .lost =
           [this] {
             // With the configuration at hand, operations go on: only news of members will be
             // missing.
             if (!configuration_) ended_(kExitUnavailable);
           }});
}

OperationLog::Counts Client::counts() const {
  return traffic_ ? traffic_->log.counts() : OperationLog::Counts{};
}

// An operation under way holds its target, and the target's connection the operation.
Client::~Client() {
  for (const auto& target : targets_) {
    target->canary->abandon();
    target->sweep->abandon();
  }
}

void Client::take_control(int fd) {
  wire::Connection::Socket socket(io_, {AF_UNIX, 0}, fd);
  control_ = std::make_shared<wire::Connection>(std::move(socket));
  control_->start([this](const wire::Envelope& message) { ordered(message); },
                  [this](std::string_view reason) {
                    if (!reason.empty()) {
                      wire::log_line(options_.name, fmt::format("control connection: {}", reason));
                    }
                    ended_(0);
                  });
}

void Client::ordered(const wire::Envelope& message) {
  switch (message.message_case()) {
    case wire::Envelope::kTargets:
      return aim_at(message.targets().frontends());
    case wire::Envelope::kSweep:
      jobs_.emplace_back([this, id = message.sweep().id()] { sweep_now(id); });
      return next_job();
    case wire::Envelope::kAudit:
      jobs_.emplace_back([this] { audit_now(); });
      return next_job();
    default:
      throw wire::ProtocolError("expected targets, sweep or audit");
  }
}

void Client::configure(const wire::Configuration& configuration) {
  if (configuration_) {  // for the audit; canaries keep to the streams that were there first
    configuration_ = configuration;
    return;
  }
  const std::vector<wire::Stream> streams(configuration.streams().begin(),
                                          configuration.streams().end());
  ShardKeys keys(options_.name, streams);
  OperationLog log([this](const wire::Operation& operation) {
    if (!control_) return;
    wire::Envelope envelope;
    *envelope.mutable_operation() = operation;
    tell(envelope);
  });
  configuration_ = configuration;
  traffic_.emplace(Traffic{KinesisRequests(options_.token), std::move(keys), std::move(log)});
  canaries_.emplace(io_.get_executor(), options_.pairs_per_s, *traffic_, targets_);
  canaries_->start();
  next_job();
}

template <typename Members>
void Client::aim_at(const Members& members) {
  std::vector<std::shared_ptr<Target>> targets;
  for (const wire::Member& member : members) {
    const auto known = std::find_if(targets_.begin(), targets_.end(), [&](const auto& target) {
      return target->member.name() == member.name() &&
             target->member.http_address() == member.http_address();
    });
    if (known != targets_.end()) {
      targets.push_back(*known);
      continue;
    }
    try {
      const auto peer = wire::endpoint_of(member.http_address());
      const auto channel = [&] {
        return std::make_shared<HttpChannel>(io_.get_executor(), peer, options_.timeout);
      };
      targets.push_back(std::make_shared<Target>(Target{member, channel(), channel()}));
    } catch (const std::invalid_argument& wrong) {
      throw wire::ProtocolError(fmt::format("frontend {}: {}", member.name(), wrong.what()));
    }
  }
  // What is under way holds its target; the connections close when that is over.
  targets_ = std::move(targets);
  if (status_server_) status_server_->changed();
}

void Client::next_job() {
  if (job_under_way_ || jobs_.empty() || !traffic_) return;
  job_under_way_ = true;
  const auto job = std::move(jobs_.front());
  jobs_.pop_front();
  job();
}

void Client::sweep_now(std::uint64_t id) {
  sweep(*traffic_, targets_, [this, id](SweepCount count) {
    wire::Envelope answer;
    answer.mutable_sweep_done()->set_id(id);
    answer.mutable_sweep_done()->set_pairs(count.pairs);
    answer.mutable_sweep_done()->set_routable(count.routable);
    job_done(answer);
  });
}

void Client::audit_now() {
  canaries_->stop([this] {
    wire::Envelope audited;
    *audited.mutable_configuration() = *configuration_;
    tell(audited);
    audit({io_.get_executor(), options_.name, options_.timeout}, *traffic_, *configuration_,
          [this](wire::AuditDone result) {
            wire::Envelope answer;
            *answer.mutable_audit_done() = std::move(result);
            job_done(answer);
          });
  });
}

void Client::job_done(const wire::Envelope& answer) {
  tell(answer);
  if (status_server_) status_server_->changed();
  job_under_way_ = false;
  next_job();
}

void Client::tell(const wire::Envelope& envelope) {
  if (control_) control_->send(envelope);
}

wire::Status Client::status() const {
  wire::Status status;
  status.set_name(options_.name);
  status.set_role(wire::ROLE_CLIENT);
  status.set_members_version(members_version_);
  status.set_members(static_cast<std::uint32_t>(targets_.size()));
  if (traffic_) status.set_operations(traffic_->log.ended());
  return status;
}

}  // namespace ceiling
