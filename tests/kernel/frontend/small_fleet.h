#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "tests/support/workload_programs/peer.h"
#include "tests/support/workload_programs/program.h"

namespace ceiling::testing_programs {

/// Membership, a backend that owns the four shards of "orders", and frontends, all started by hand.
class SmallFleet {
 public:
  /// Membership vends its first version when `frontends` have joined; none is started yet.
  /// `more`: options of membership.
  explicit SmallFleet(int frontends, int threads_per_peer = 1, std::vector<std::string> more = {});

  /// Starts the next one; the first is index 0, "frontend-1". Waits for its status endpoint only.
  Program& add(std::vector<std::string> more = {}, const std::vector<int>& join = {});
  Program& frontend(std::size_t index) { return frontends_.at(index); }
  /// Where its status is asked for.
  const std::string& status_of(std::size_t index) const { return statuses_.at(index); }
  wire::Status status(std::size_t index) const;
  /// Its status once the map of `version` is complete.
  wire::Status complete(std::size_t index, std::uint64_t version) const;

  Program& membership_program() { return membership_; }
  const std::string& membership() const { return address_; }

 private:
  Program membership_;
  std::string address_;
  Program backend_;
  std::vector<std::string> statuses_;
  std::deque<Program> frontends_;
};

/// Numbers of the descriptors that a process has open.
std::set<int> descriptors_of(pid_t pid);
/// The limit below which so many numbers are left (getrlimit(2): one above the largest).
rlim_t limit_with(int left, const std::set<int>& in_use);

}  // namespace ceiling::testing_programs
