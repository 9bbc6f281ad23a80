#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/check/answer.h"
#include "harness/experiment/limits.h"

namespace ceiling {

/// What one unit or group has to have room for.
struct Requirement {
  Selector selector;
  Need need;
  Place at = {};  ///< in the policy file
};

/// The room that a deploy is to find, for several targets: a YAML file.
///
///     policy: frontends
///     targets:
///       - {unit: demo.service, threads: 500}
///       - {cgroup: /batch, peers: 300, threads_per_peer: 2, stack: 1M, uid: 1000}
struct Policy {
  std::string name;
  std::vector<Requirement> requirements;
};

/// Reads a policy from YAML text of at most 1 MiB. Throws BadInput, naming `file`, with every
/// finding.
Policy parse_policy(std::string_view text, const std::string& file);

/// Exceeded when one answer is, else unknown when one is, else holds.
Fit verdict_of(std::span<const Answer> answers);

}  // namespace ceiling
