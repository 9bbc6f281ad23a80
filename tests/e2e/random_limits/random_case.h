#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "harness/experiment/experiment.h"

namespace ceiling {

/// One experiment whose limit was picked at random.
struct RandomCase {
  LimitScope scope = LimitScope::frontend;
  LimitName limit = LimitName::pids_max;
  std::int64_t value = 0;
  int threads_per_peer = 1;
  int start = 1;
  int end = 1;
  int step = 1;
  int backends = 1;
  int cache_servers = 0;
  std::string guardrails = "[]";
  std::string fleet_more = {};   ///< ", cells: 3"
  std::string limits_more = {};  ///< ", overrides: {...}, pids.max: 8"
  std::string expect = {};       ///< empty: an outage where each frontend has the limit, else any

  std::string yaml() const;
  std::string describe() const;
};

/// By the growth laws of design.md, written down once more: the product's own are what is tested.
std::int64_t tasks_of_fleet(std::int64_t fleet, int per_peer);
/// The largest fleet that fits.
int largest_fleet(const RandomCase& one);

using Random = std::mt19937;

template <class Number>
Number pick(Random& random, Number from, Number to) {
  return std::uniform_int_distribution<Number>(from, to)(random);
}
/// pids.max or RLIMIT_NPROC.
LimitName pick_limit(Random& random);
/// The fleet starts close below the size that still fits, so that runs are short.
void start_close_below(int fits, RandomCase& one, Random& random);
/// The size that the fleet is grown to when it is to have more than `fits` for the first time.
int visited_above(const RandomCase& one, int fits);

/// A limit on each frontend, from the smallest that one frontend fits in up to 150 tasks. Case 0 is
/// the smallest limit, case 1 the largest fleet.
RandomCase frontend_case(int index, Random& random);

/// A limit on each frontend of a fleet of so many cells, each of 13 frontends at most.
RandomCase cells_case(int cells, Random& random);

/// A limit for all frontends together, up to 2,000 tasks. Cases 0 to 3 are filled by a fleet to the
/// last task, so that a main process enters a full scope; cases 4 to 7 leave one or two tasks.
RandomCase fleet_case(int index, Random& random);

}  // namespace ceiling
