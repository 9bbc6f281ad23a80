#pragma once

#include <map>
#include <memory>
#include <string>

#include "tests/support/workload_programs/peer.h"

namespace ceiling::testing_programs {

/// A member of the fleet that is the test itself: frontends connect to it and wait for its slice.
class FakeMember {
 public:
  /// Joins as `name`.
  FakeMember(const std::string& membership, const std::string& name);
  FakeMember(const FakeMember&) = delete;
  FakeMember& operator=(const FakeMember&) = delete;
  ~FakeMember();

  /// The next connection of the frontend of that name, its hello taken. Throws std::system_error
  /// when none comes within five seconds.
  std::unique_ptr<Peer> accept(const std::string& frontend);
  /// A correct slice of ours, without a route.
  wire::Envelope slice(std::uint64_t version) const;

 private:
  std::string name_;
  int listening_ = -1;
  std::unique_ptr<Peer> membership_;
  std::multimap<std::string, std::unique_ptr<Peer>> others_;  // that came before they were wanted
};

}  // namespace ceiling::testing_programs
