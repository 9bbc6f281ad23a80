// What becomes of frontends and cache servers that do not answer the health check.
#include <fmt/format.h>

#include "workload/membership/membership_server.h"

namespace ceiling {

namespace {

constexpr int kRemovalsInStatus = 64;

}  // namespace

void MembershipServer::look_after(Watch& watch) {
  if (!watch.check.on()) return;
  watch.timer.expires_after(watch.check.period());
  watch.timer.async_wait([this, &watch](boost::system::error_code ended) {
    if (ended) return;
    const HealthCheck::Look look = watch.check.look(HealthCheck::Time::clock::now());
    for (const HealthCheck::Question& question : look.ask) {
      Session* session = joined(watch.role, question.member);
      if (session == nullptr) continue;
      wire::Envelope envelope;
      envelope.mutable_health_request()->set_id(question.id);
      session->connection->send(envelope);
    }
    for (const HealthCheck::Silence& silence : look.silent) {
      if (Session* session = joined(watch.role, silence.member)) remove(*session, silence);
    }
    look_after(watch);
  });
}

MembershipServer::Session* MembershipServer::joined(wire::Role role, std::string_view name) {
  for (auto& [key, session] : sessions_) {
    if (session.joined && session.role == role && session.name == name) return &session;
  }
  return nullptr;
}

/// It is told, and ends when it hears of it; to the fleet it is gone at once.
void MembershipServer::remove(Session& session, const HealthCheck::Silence& silence) {
  const auto silent_ms = static_cast<std::uint64_t>(silence.lasted.count());
  wire::Envelope envelope;
  envelope.mutable_removed()->set_silent_ms(silent_ms);
  session.connection->send(envelope);
  wire::Removal removal;
  removal.set_member(session.name);
  removal.set_silent_ms(silent_ms);
  if (session.role == wire::ROLE_CACHE) {
    silent_caches_[session.name] = std::move(removal);
  } else {
    ++removals_;
    removed_.push_back(std::move(removal));
    if (removed_.size() > kRemovalsInStatus) removed_.pop_front();
  }
  leave(session, fmt::format("is removed: it did not answer for {} ms", silent_ms));
}

}  // namespace ceiling
