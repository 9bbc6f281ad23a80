#include "workload/membership/member_list.h"

#include <fmt/format.h>

#include "workload/membership/checks.h"
#include "workload/protocol/wire.h"

namespace ceiling {

bool MemberList::join(const wire::Member& member) {
  check_name(member.name());
  check_address(member.peer_address());
  check_address(member.http_address());
  if (members_.size() == kMaxMembers) throw wire::ProtocolError("the fleet is full");
  if (!members_.emplace(member.name(), member).second) {
    throw wire::ProtocolError(fmt::format("{} is a member already", member.name()));
  }
  if (version_ == 0 && members_.size() < bootstrap_expect_) return false;
  ++version_;
  return true;
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
