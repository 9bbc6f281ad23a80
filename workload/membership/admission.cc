#include "workload/membership/admission.h"

#include <utility>
#include <vector>

namespace ceiling {

void Admission::said(const std::string& name, const wire::Headroom& headroom) {
  said_[name] = headroom;
}

void Admission::gone(std::string_view name) {
  const auto found = said_.find(name);
  if (found != said_.end()) said_.erase(found);
}

std::string Admission::silent(const wire::Members& members, const std::string& newcomer) const {
  for (const wire::Member& member : members.members()) {
    const auto found = said_.find(member.name());
    const bool heard = found != said_.end() && found->second.version() == members.version() &&
                       !found->second.rooms().empty();
    if (!heard) return member.name();
  }
  const auto found = said_.find(newcomer);
  return found == said_.end() || found->second.rooms().empty() ? newcomer : "";
}

std::optional<wire::NotAdmitted> Admission::refusal(const wire::Members& members,
                                                    const std::string& newcomer,
                                                    std::uint32_t cell) const {
  /// By name, how many peers the addition brings.
  std::map<std::string, std::uint64_t, ByNumber> peers;
  std::uint64_t in_cell = 0;
  for (const wire::Member& member : members.members()) {
    peers[member.name()] = member.cell() == cell ? 1 : 0;
    in_cell += peers[member.name()];
  }
  peers[newcomer] = in_cell;

  /// What the addition takes under one limit, and whoever says that the least is left there.
  struct Scope {
    std::uint64_t needed = 0;
    std::string member;
    const wire::Room* room = nullptr;
  };
  std::vector<Scope> scopes;
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> places;
  for (const auto& [name, more] : peers) {
    const auto found = said_.find(name);
    if (found == said_.end()) continue;
    for (const wire::Room& room : found->second.rooms()) {
      const auto [place, first] = places.try_emplace({room.limit(), room.scope()}, scopes.size());
      if (first) scopes.push_back({.needed = 0, .member = name, .room = &room});
      Scope& scope = scopes[place->second];
      scope.needed += threads_per_peer_ * more;
      if (room.left() < scope.room->left()) {
        scope.member = name;
        scope.room = &room;
      }
    }
  }

  std::optional<wire::NotAdmitted> worst;
  std::uint64_t most_lacking = 0;
  for (const Scope& scope : scopes) {
    const std::uint64_t left = scope.room->left();
    if (scope.needed <= left || scope.needed - left <= most_lacking) continue;
    most_lacking = scope.needed - left;
    worst.emplace();
    worst->set_member(scope.member);
    *worst->mutable_room() = *scope.room;
    worst->set_needed(scope.needed);
  }
  return worst;
}

}  // namespace ceiling
