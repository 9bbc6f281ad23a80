#include "tests/e2e/random_limits/random_case.h"

#include <fmt/format.h>

#include <algorithm>

#include "workload/protocol/thread_accounting.h"

namespace ceiling {
namespace {

constexpr int kBase = wire::kFrontendBaseTasks;
constexpr std::int64_t kMostForAFrontend = 150;
constexpr std::int64_t kMostForAFleet = 2000;

std::int64_t tasks_of_frontend(std::int64_t fleet, int per_peer) {
  return kBase + per_peer * (fleet - 1);
}

}  // namespace

LimitName pick_limit(Random& random) {
  return pick(random, 0, 1) == 0 ? LimitName::pids_max : LimitName::rlimit_nproc;
}

void start_close_below(int fits, RandomCase& one, Random& random) {
  one.step = pick(random, 1, 3);
  one.start = std::max(1, fits - pick(random, 0, 3));
  one.end = fits + one.step + pick(random, 0, 5);
}

int visited_above(const RandomCase& one, int fits) {
  int size = one.start;
  while (size <= fits) size = std::min(size + one.step, one.end);
  return size;
}

std::int64_t tasks_of_fleet(std::int64_t fleet, int per_peer) {
  return fleet * tasks_of_frontend(fleet, per_peer);
}

int largest_fleet(const RandomCase& one) {
  int size = 1;
  const auto tasks = one.scope == LimitScope::frontend ? tasks_of_frontend : tasks_of_fleet;
  while (tasks(size + 1, one.threads_per_peer) <= one.value) ++size;
  return size;
}

std::string RandomCase::yaml() const {
  return fmt::format(
      "experiment: random-limit\n"
      "fleet: {{start: {}, end: {}, step: {}, threads_per_peer: {}{}{}}}\n"
      "backends: {}\n"
      "streams: [{{name: orders, shards: 2}}]\n"
      "clients: [{{kind: canary, rate_per_s: 10}}]\n"
      "limits: {{scope: {}, {}: {}{}}}\n"
      "arms: [{{name: unguarded, guardrails: {}, expect: {}}}]\n",
      start, end, step, threads_per_peer, fleet_more,
      cache_servers > 0 ? fmt::format(", cache_servers: {}", cache_servers) : "", backends,
      to_string(scope), to_string(limit), value, limits_more, guardrails,
      !expect.empty()                                       ? expect
      : scope == LimitScope::frontend && guardrails == "[]" ? "outage"
                                                            : "any");
}

std::string RandomCase::describe() const {
  return fmt::format(
      "{:8} {:13} {:4}, {} a peer, {:3} to {:3} by {}{}", to_string(scope), to_string(limit), value,
      threads_per_peer, start, end, step,
      cache_servers > 0 ? fmt::format(", {} caches, {} backends", cache_servers, backends) : "");
}

RandomCase frontend_case(int index, Random& random) {
  RandomCase one{.scope = LimitScope::frontend, .limit = pick_limit(random)};
  one.threads_per_peer = index == 1 ? 1 : pick(random, 1, 4);
  one.value = pick<std::int64_t>(random, kBase, kMostForAFrontend);
  if (index == 0) one.value = kBase;
  if (index == 1) one.value = kMostForAFrontend;
  start_close_below(largest_fleet(one), one, random);
  return one;
}

RandomCase cells_case(int cells, Random& random) {
  RandomCase one{.scope = LimitScope::frontend, .limit = pick_limit(random)};
  one.threads_per_peer = pick(random, 1, 3);
  one.value = pick<std::int64_t>(random, kBase, kBase + 12 * one.threads_per_peer);
  const int fits = cells * largest_fleet(one);
  one.step = pick(random, 1, 3);
  one.start = std::max(cells, fits - pick(random, 0, 3));
  one.end = fits + one.step + pick(random, 0, 5);
  one.guardrails = "[cells]";
  one.fleet_more = fmt::format(", cells: {}", cells);
  one.expect = "outage";
  return one;
}

RandomCase fleet_case(int index, Random& random) {
  RandomCase one{.scope = LimitScope::fleet, .limit = pick_limit(random)};
  one.threads_per_peer = pick(random, 1, 4);
  one.value = pick<std::int64_t>(random, kBase, kMostForAFleet);
  if (index < 8) {
    const std::int64_t left = index < 4 ? 0 : pick<std::int64_t>(random, 1, kBase - 1);
    one.value =
        std::min(kMostForAFleet, tasks_of_fleet(largest_fleet(one), one.threads_per_peer) + left);
  }
  start_close_below(largest_fleet(one), one, random);
  return one;
}

}  // namespace ceiling
