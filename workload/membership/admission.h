#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "messages.pb.h"
#include "workload/membership/checks.h"

namespace ceiling {

/// The guardrail admission: whether every frontend has room for one more, from what they say
/// themselves. A frontend keeps `threads_per_peer` threads for each other one.
class Admission {
 public:
  explicit Admission(std::uint32_t threads_per_peer) : threads_per_peer_(threads_per_peer) {}

  /// Takes the place of what `name` said before.
  void said(const std::string& name, const wire::Headroom& headroom);
  void gone(std::string_view name);

  /// A member that has not said what room it has with the threads of this version, or a newcomer
  /// that has said nothing; empty where all have.
  std::string silent(const wire::Members& members, const std::string& newcomer) const;

  /// Why `newcomer` is kept out of a cell, 0 where there are none: the limit that lacks the most
  /// threads; of several that of the member that comes first, frontend-2 before frontend-10.
  /// Nothing where it fits. A scope that several share has to hold what those of the cell need, and
  /// is as full as whoever read it last says, of that cell or not.
  std::optional<wire::NotAdmitted> refusal(const wire::Members& members,
                                           const std::string& newcomer,
                                           std::uint32_t cell = 0) const;

 private:
  std::uint64_t threads_per_peer_;
  std::map<std::string, wire::Headroom, ByNumber> said_;
};

}  // namespace ceiling
