#include "workload/membership/member_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "workload/membership/checks.h"
#include "workload/protocol/wire.h"

namespace ceiling {

bool MemberList::join(const wire::Member& member, std::uint32_t cell) {
  check_name(member.name());
  check_address(member.peer_address());
  check_address(member.http_address());
  if (members_.size() == kMaxMembers) throw wire::ProtocolError("the fleet is full");
  const auto [joined, is_new] = members_.emplace(member.name(), member);
  if (!is_new) throw wire::ProtocolError(fmt::format("{} is a member already", member.name()));
  joined->second.clear_cell();
  if (version_ == 0 && members_.size() < bootstrap_expect_) return false;
  if (version_ > 0) {
    joined->second.set_cell(cell > 0 ? cell : order().front());
  } else {
    for (auto& [name, first] : members_) first.set_cell(order().front());
  }
  ++version_;
  return true;
}

std::vector<std::uint32_t> MemberList::order() const {
  if (cells_ == 0) return {0};
  std::vector<std::size_t> sizes(cells_ + 1);
  for (const auto& [name, other] : members_) ++sizes[other.cell()];
  std::vector<std::uint32_t> cells(cells_);
  std::iota(cells.begin(), cells.end(), 1);
  std::stable_sort(cells.begin(), cells.end(), [&](std::uint32_t one, std::uint32_t other) {
    return sizes[one] < sizes[other];
  });
  return cells;
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
