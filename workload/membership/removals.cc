// What becomes of members that do not answer the health check.
#include <fmt/format.h>

#include "workload/membership/membership_server.h"

namespace ceiling {

namespace {

constexpr int kRemovalsInStatus = 64;

}  // namespace

void MembershipServer::check_health() {
  if (!health_.on()) return;
  health_timer_.expires_after(health_.period());
  health_timer_.async_wait([this](boost::system::error_code ended) {
    if (ended) return;
    const HealthCheck::Look look = health_.look(HealthCheck::Time::clock::now());
    for (const HealthCheck::Question& question : look.ask) {
      Session* session = joined_frontend(question.member);
      if (session == nullptr) continue;
      wire::Envelope envelope;
      envelope.mutable_health_request()->set_id(question.id);
      session->connection->send(envelope);
    }
    for (const HealthCheck::Silence& silence : look.silent) {
      if (Session* session = joined_frontend(silence.member)) remove(*session, silence);
    }
    check_health();
  });
}

MembershipServer::Session* MembershipServer::joined_frontend(std::string_view name) {
  for (auto& [key, session] : sessions_) {
    if (session.joined && session.role == wire::ROLE_FRONTEND && session.name == name)
      return &session;
  }
  return nullptr;
}

/// It is told, and ends when it hears of it; to the fleet it is gone at once.
void MembershipServer::remove(Session& session, const HealthCheck::Silence& silence) {
  const auto silent_ms = static_cast<std::uint64_t>(silence.lasted.count());
  wire::Envelope envelope;
  envelope.mutable_removed()->set_silent_ms(silent_ms);
  session.connection->send(envelope);
  ++removals_;
  wire::Removal removal;
  removal.set_member(session.name);
  removal.set_silent_ms(silent_ms);
  removed_.push_back(std::move(removal));
  if (removed_.size() > kRemovalsInStatus) removed_.pop_front();
  leave(session, fmt::format("is removed: it did not answer for {} ms", silent_ms));
}

}  // namespace ceiling
