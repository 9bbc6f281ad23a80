#pragma once

#include "cgroups/facts.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// RLIMIT_NOFILE (getrlimit(2)) for a fleet: `descriptors_per_peer` for each peer, whose
/// `threads_per_peer` threads come with them. Refuses a connection, not a thread: EMFILE.
Limit rlimit_nofile_limit(const PlaceFacts& place, std::int64_t threads_per_peer,
                          std::int64_t descriptors_per_peer);

}  // namespace ceiling
