#include "workload/membership/member_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "workload/membership/checks.h"
#include "workload/protocol/wire.h"

namespace ceiling {

bool MemberList::join(const wire::Member& member) {
  check_name(member.name());
  check_address(member.peer_address());
  check_address(member.http_address());
  if (members_.size() == kMaxMembers) throw wire::ProtocolError("the fleet is full");
  const auto [joined, is_new] = members_.emplace(member.name(), member);
  if (!is_new) throw wire::ProtocolError(fmt::format("{} is a member already", member.name()));
  joined->second.clear_cell();
  if (version_ == 0 && members_.size() < bootstrap_expect_) return false;
  if (version_ > 0) {
    place(joined->second);
  } else {
    for (auto& [name, first] : members_) place(first);
  }
  ++version_;
  return true;
}

void MemberList::place(wire::Member& member) {
  if (cells_ == 0) return;
  std::vector<std::size_t> sizes(cells_);
  for (const auto& [name, other] : members_) {
    if (other.cell() > 0) ++sizes[other.cell() - 1];
  }
  const auto smallest = std::min_element(sizes.begin(), sizes.end());
  member.set_cell(static_cast<std::uint32_t>(smallest - sizes.begin()) + 1);
}

bool MemberList::leave(std::string_view name) {
  const auto member = members_.find(name);
  if (member == members_.end()) return false;
  members_.erase(member);
  if (version_ == 0) return false;
  ++version_;
  return true;
}

bool MemberList::renew() {
  if (version_ == 0) return false;
  ++version_;
  return true;
}

wire::Members MemberList::message() const {
  wire::Members message;
  message.set_version(version_);
  for (const auto& [name, member] : members_) *message.add_members() = member;
  return message;
}

}  // namespace ceiling
