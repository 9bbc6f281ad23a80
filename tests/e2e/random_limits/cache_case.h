#pragma once

#include "tests/e2e/random_limits/random_case.h"

namespace ceiling {

// Fleets whose maps are built by 1 to 4 cache servers, over 1 to 3 backends.

/// Frontends that the cache servers of `one` have places for: the law and its numbers, written down
/// once more.
int places_at(const RandomCase& one);

/// RLIMIT_NOFILE of frontends and cache servers alike, from the least that a frontend starts with,
/// which is that of case 0.
RandomCase crowded_caches(int index, Random& random);

/// Likewise, but the fleet ends before its cache servers are full. It grows past a pids.max, of so
/// many tasks, that it would meet with peers.
RandomCase past_the_peers(Random& random);

/// pids.max or RLIMIT_NPROC of all frontends together. No cache server has it. Cases 0 and
/// 1 are filled to the last task.
RandomCase frontends_together(int index, Random& random);

}  // namespace ceiling
