#include "tests/e2e/random_limits/cache_case.h"

#include <fmt/format.h>

#include <algorithm>

#include "workload/protocol/thread_accounting.h"

namespace ceiling {
namespace {

/// Of a cache server, with one for each backend; of a frontend, with one for each backend and cache
/// server.
constexpr int kCacheDescriptors = 21;
constexpr int kFrontendDescriptors = 91;

RandomCase cached(Random& random) {
  RandomCase one{.limit = LimitName::rlimit_nofile, .threads_per_peer = pick(random, 1, 4)};
  one.backends = pick(random, 1, 3);
  one.cache_servers = pick(random, 1, 4);
  one.guardrails = "[cache-fleet]";
  one.expect = "contained";
  return one;
}

std::int64_t frontend_needs(const RandomCase& one) {
  return kFrontendDescriptors + one.backends + one.cache_servers;
}

}  // namespace

int places_at(const RandomCase& one) {
  return static_cast<int>(one.value) - kCacheDescriptors - one.backends;
}

RandomCase crowded_caches(int index, Random& random) {
  RandomCase one = cached(random);
  one.value = frontend_needs(one) + (index == 0 ? 0 : pick(random, 0, 40));
  start_close_below(places_at(one), one, random);
  one.step = pick(random, 1, 8);
  one.end = places_at(one) + one.step + pick(random, 0, 5);
  return one;
}

RandomCase past_the_peers(Random& random) {
  RandomCase one = cached(random);
  const int peers = pick(random, 1, 5);
  one.value = frontend_needs(one) + 2 * one.threads_per_peer * (peers + 1);
  one.limits_more =
      fmt::format(", pids.max: {}", wire::kFrontendBaseTasks + one.threads_per_peer * peers +
                                        pick(random, 0, one.threads_per_peer - 1));
  one.start = std::max(1, peers + 1 - pick(random, 0, 2));
  one.step = pick(random, 1, 4);
  one.end = peers + 2 + pick(random, 0, 8);
  one.expect = "prevented";
  return one;
}

RandomCase frontends_together(int index, Random& random) {
  RandomCase one = cached(random);
  one.scope = LimitScope::fleet;
  one.limit = pick_limit(random);
  one.value = index < 2 ? wire::kFrontendBaseTasks * pick(random, 1, 30)
                        : pick<std::int64_t>(random, wire::kFrontendBaseTasks, 90);
  start_close_below(static_cast<int>(one.value) / wire::kFrontendBaseTasks, one, random);
  return one;
}

}  // namespace ceiling
