#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "messages.pb.h"
#include "workload/membership/checks.h"

namespace ceiling {

/// Who is in the fleet, with a version that rises by one with every change. Nothing is vended
/// before `bootstrap_expect` members have joined: that list is version 1, so that a fleet that
/// starts as one builds one shard-map and not one for each of its members.
class MemberList {
 public:
  /// A longer list would not fit one message.
  static constexpr std::size_t kMaxMembers = 10'000;

  /// `cells`: a member comes to the smallest one, of several to the first; those of the first
  /// version in the order of their numbers. 0: no member has a cell.
  explicit MemberList(std::size_t bootstrap_expect, std::uint32_t cells = 0)
      : bootstrap_expect_(bootstrap_expect), cells_(cells) {}

  /// True when that made a new version. `cell`: of order(), where it has been chosen. Throws
  /// wire::ProtocolError for a name that a member has, a bad name or address, and a full list.
  bool join(const wire::Member& member, std::uint32_t cell = 0);
  /// True when that made a new version; a name that is no member makes none.
  bool leave(std::string_view name);

  /// Something else that shard-maps are built from has changed: true when that made a new version.
  bool renew();

  /// 0 until the first list is vended.
  std::uint64_t version() const { return version_; }
  std::size_t size() const { return members_.size(); }
  /// The cells, from 1, in the order in which a newcomer is to have them: the smallest first, of
  /// several the first. 0 alone, where there are none.
  std::vector<std::uint32_t> order() const;
  /// By name, frontend-2 before frontend-10.
  wire::Members message() const;

 private:
  std::size_t bootstrap_expect_;
  std::uint32_t cells_;
  std::uint64_t version_ = 0;
  std::map<std::string, wire::Member, ByNumber> members_;
};

}  // namespace ceiling
