#include "harness/fleet/canaries.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <system_error>

#include "cgroups/error.h"
#include "workload/protocol/routes.h"

namespace ceiling {
namespace {

constexpr int kControlDescriptor = 4;
constexpr auto kPatience = std::chrono::seconds(120);

OpPhase phase_of(wire::Phase phase) {
  switch (phase) {
    case wire::PHASE_INVOKE:
      return OpPhase::invoke;
    case wire::PHASE_OK:
      return OpPhase::ok;
    case wire::PHASE_FAIL:
      return OpPhase::fail;
    default:
      return OpPhase::unknown;
  }
}

}  // namespace

Canaries::Canaries(Site& site, const Fleet& fleet, int rate_per_s)
    : site_(site), gone_(std::make_shared<bool>(false)) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  using Local = boost::asio::local::stream_protocol;
  Local::socket ours(site.loop().context(), Local(), pair[0]);
  const Descriptor theirs(pair[1]);
  started_ = site.start({.label = fleet.spec().label,
                         .name = "client",
                         .program = "ceiling-client",
                         .arguments = {"--membership", fleet.services().address(), "--rate",
                                       std::to_string(rate_per_s), "--control",
                                       fmt::format("fd:{}", kControlDescriptor)},
                         .group = &fleet.services().group(),
                         .uid = site.service_uid(),
                         .rlimits = {},
                         .descriptors = {{kControlDescriptor, theirs.get()}}},
                        [](const wire::Status&) {});
  control_ = std::make_shared<wire::Connection>(std::move(ours));
  control_->start(
      [this, gone = gone_](const wire::Envelope& message) {
        if (!*gone) receive(message);
      },
      [this, gone = gone_](std::string_view) {
        if (!*gone) closed_ = true;
      });
}

Canaries::~Canaries() {
  *gone_ = true;
  control_->close();
}

void Canaries::receive(const wire::Envelope& message) {
  switch (message.message_case()) {
    case wire::Envelope::kOperation: {
      const wire::Operation& operation = message.operation();
      site_.recorder().record(OpEvent{.id = operation.id(),
                                      .phase = phase_of(operation.phase()),
                                      .kind = operation.kind(),
                                      .frontend = operation.frontend(),
                                      .stream = operation.stream(),
                                      .shard = operation.shard(),
                                      .key = operation.key(),
                                      .sequence = operation.sequence()});
      return;
    }
    case wire::Envelope::kConfiguration:
      shards_ = 0;
      for (const wire::Stream& stream : message.configuration().streams()) {
        if (stream.of_a_client()) record_shards(stream);
      }
      return;
    case wire::Envelope::kSweepDone:
      if (message.sweep_done().id() != sweeps_) return;
      sweep_ = message.sweep_done();
      swept_ = true;
      return;
    case wire::Envelope::kAuditDone:
      site_.recorder().record(AuditEvent{.records = message.audit_done().records(),
                                         .complete = message.audit_done().complete(),
                                         .shards = shards_});
      audited_ = true;
      return;
    default:
      throw wire::ProtocolError("expected an operation, or the end of a sweep or audit");
  }
}

void Canaries::record_shards(const wire::Stream& stream) {
  for (const wire::Shard& shard : wire::shards_of(stream)) {
    const auto range = wire::range_of(shard);
    if (!range) throw wire::ProtocolError("a shard without a hash range");
    site_.recorder().record(ShardEvent{.stream = stream.name(),
                                       .shard = static_cast<int>(shard.number()),
                                       .first = to_decimal(range->first),
                                       .last = to_decimal(range->last),
                                       .parents = {shard.parents().begin(), shard.parents().end()},
                                       .closed = shard.closed()});
    ++shards_;
  }
}

void Canaries::wait_for(bool Canaries::*answered, const char* what) {
  this->*answered = false;
  const bool done = site_.loop().run_until([&] { return this->*answered || closed_; }, kPatience);
  if (!done || closed_) {
    throw Error(fmt::format("ceiling-client {} {}; its log is in logs/",
                            closed_ ? "is gone before it" : "did not end its", what));
  }
}

void Canaries::use(const std::vector<wire::Member>& frontends) {
  wire::Envelope envelope;
  wire::Targets& targets = *envelope.mutable_targets();
  targets.mutable_frontends()->Add(frontends.begin(), frontends.end());
  control_->send(envelope);
}

RoutableEvent Canaries::sweep(int fleet_size) {
  wire::Envelope envelope;
  envelope.mutable_sweep()->set_id(++sweeps_);
  control_->send(envelope);
  wait_for(&Canaries::swept_, "sweep");
  const RoutableEvent routable{
      .share = sweep_.pairs() == 0 ? 0.0 : static_cast<double>(sweep_.routable()) / sweep_.pairs(),
      .pairs = static_cast<int>(sweep_.pairs()),
      .fleet_size = fleet_size};
  site_.recorder().record(routable);
  return routable;
}

void Canaries::audit() {
  wire::Envelope envelope;
  envelope.mutable_audit();
  control_->send(envelope);
  wait_for(&Canaries::audited_, "audit");
}

}  // namespace ceiling
