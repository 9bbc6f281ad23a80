#include "workload/backend/membership_link.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "workload/protocol/process.h"

namespace ceiling {

using boost::system::error_code;
using std::chrono::steady_clock;
using wire::Envelope;

MembershipLink::MembershipLink(boost::asio::any_io_executor executor, std::string address,
                               wire::Hello hello, wire::Backend self, OnLeases on_leases)
    : executor_(executor),
      address_(std::move(address)),
      hello_(std::move(hello)),
      self_(std::move(self)),
      on_leases_(std::move(on_leases)),
      retry_(executor),
      renewal_(executor) {
  connect();
}

void MembershipLink::connect() {
  wire::connect(executor_, address_,
                [this](std::shared_ptr<wire::Connection> connection, const std::string& reason) {
                  connection ? connected(std::move(connection)) : lost(reason);
                });
}

void MembershipLink::connected(std::shared_ptr<wire::Connection> connection) {
  connection_ = std::move(connection);
  connection_->start([this](const Envelope& message) { handle(message); },
                     [this](std::string_view reason) {
                       lost(reason.empty() ? "membership closed the connection"
                                           : fmt::format("membership: {}", reason));
                     });
  Envelope envelope;
  *envelope.mutable_hello() = hello_;
  connection_->send(envelope);
  *envelope.mutable_join()->mutable_backend() = self_;
  connection_->send(envelope);
}

void MembershipLink::handle(const Envelope& message) {
  if (message.has_leases()) return granted(message.leases());
  if (message.has_rejected()) {
    throw wire::ProtocolError(fmt::format("rejected: {}", message.rejected().reason()));
  }
  // A backend has no use for the configuration that everyone is sent.
  if (!message.has_configuration()) throw wire::ProtocolError("a message out of place");
}

void MembershipLink::granted(const wire::Leases& leases) {
  if (leases.ttl_ms() == 0) throw wire::ProtocolError("leases for no time");
  last_loss_.clear();
  const bool answered = leases.renewal() != 0 && leases.renewal() == asked_;
  if (!from_ || answered) {
    from_ = answered ? asked_at_ : steady_clock::now();
    renewal_.expires_at(*from_ + std::chrono::milliseconds(leases.ttl_ms()) / 3);
    renewal_.async_wait([this](error_code cancelled) {
      if (!cancelled) renew();
    });
  }
  on_leases_(leases, *from_);
}

void MembershipLink::renew() {
  if (!connection_) return;
  asked_at_ = steady_clock::now();
  Envelope envelope;
  envelope.mutable_renew_leases()->set_id(++asked_);
  connection_->send(envelope);
}

void MembershipLink::lost(const std::string& reason) {
  connection_.reset();
  from_.reset();
  if (std::exchange(last_loss_, reason) != reason) wire::log_line(hello_.name(), reason);
  retry_.expires_after(kRetry);
  retry_.async_wait([this](error_code cancelled) {
    if (!cancelled) connect();
  });
}

}  // namespace ceiling
