#pragma once

#include <filesystem>
#include <string>

#include "cgroups/headroom.h"
#include "harness/keeper/registry.h"
#include "harness/prove/proof.h"

namespace ceiling {

/// Where a proof takes place.
struct ProofSite {
  Hierarchy hierarchy;
  Registry registry;
  std::filesystem::path testee;  ///< the program ceiling-testee
  std::int64_t most = 65536;     ///< threads, whatever the limits are
};

/// Puts a testee into a copy of the place that `target` was read for, predicts for it and has it
/// make threads until it is refused. The copy stands in a group of our own, below the caller's:
/// nothing that others share is filled beyond 80 %, and where that is not far enough the proof says
/// `not reached`. Needs root; the caller must be single-threaded. Everything is in the registry and
/// ends with the caller, however that ends. Throws HostError where no group can be made here, and
/// Error when the testee could not be put into its place.
Proof prove(const ProofSite& site, const Headroom& target);

/// The most threads that may be made here without filling what is shared, and why no more.
struct SafeNumber {
  std::int64_t threads = 0;
  std::string because;
};
/// `shared` as of shared_limits(), `memory` that is available in bytes, and no more than `most`.
SafeNumber safe_number(const Hierarchy& hierarchy, std::int64_t most);
SafeNumber safe_number(const std::vector<Limit>& shared, std::int64_t memory, std::int64_t most);

}  // namespace ceiling
