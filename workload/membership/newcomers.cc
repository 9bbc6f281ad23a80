// What becomes of frontends that ask to join a fleet that there is, with the guardrail admission.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "workload/membership/membership_server.h"

namespace ceiling {

void MembershipServer::decide() {
  while (!newcomers_.empty()) {
    const std::size_t before = newcomers_.size();
    decide_first(false);
    if (newcomers_.size() == before) break;
  }
  const wire::Connection* first =
      newcomers_.empty() ? nullptr : newcomers_.front().connection.get();
  if (std::exchange(awaited_, first) == first) return;
  patience_.cancel();
  if (first == nullptr) return;
  patience_.expires_after(options_.report_patience);
  patience_.async_wait([this](boost::system::error_code ended) {
    if (ended || newcomers_.empty()) return;
    decide_first(true);
    decide();
  });
}

void MembershipServer::decide_first(bool out_of_patience) {
  const wire::Members present = members_.message();
  const Newcomer newcomer = newcomers_.front();
  const std::string& name = newcomer.member.name();
  const std::string silent = admission_.silent(present, name);
  if (!silent.empty() && !out_of_patience) return;
  newcomers_.pop_front();
  wire::Envelope envelope;
  wire::NotAdmitted& why = *envelope.mutable_not_admitted();
  if (!silent.empty()) {
    why.set_member(silent);
    log(fmt::format("{} is not admitted: {} does not say what room it has", name, silent));
    return newcomer.connection->send(envelope);
  }
  // Past a cell that is full, to the next one: whose ceiling that is holds up no other.
  std::string full;
  for (const std::uint32_t cell : members_.order()) {
    const auto refusal = admission_.refusal(present, name, cell);
    if (!refusal) {
      if (!full.empty()) log(fmt::format("{} comes to cell {}: {}", name, cell, full));
      return let_in(newcomer, cell);
    }
    if (!full.empty()) continue;
    why = *refusal;
    full = fmt::format("{}under {} of {} ({}) {} threads are left, it takes {}",
                       cell > 0 ? fmt::format("in cell {} ", cell) : "", why.room().limit(),
                       why.member(), why.room().scope(), why.room().left(), why.needed());
  }
  log(fmt::format("{} is not admitted: {}", name, full));
  newcomer.connection->send(envelope);
}

void MembershipServer::let_in(const Newcomer& newcomer, std::uint32_t cell) {
  try {
    admit(sessions_.at(newcomer.connection.get()), newcomer.member, cell);
  } catch (const wire::ProtocolError& fault) {
    newcomer.connection->reject(fault.what());
  }
}

}  // namespace ceiling
