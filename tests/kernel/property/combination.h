#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace ceiling {

/// What a testee is put into, as numbers by name; what is not named is not there. Limits are given
/// as the room that they leave once everything is in place; below 0 they are exceeded already.
///
///   stack             of its threads, bytes
///   root              uid 0 instead of a private one
///   pids0 pids1 pids2 pids.max of its group, that group's parent, the parent's parent: tasks
///   others0 ..2       tasks of another uid in those groups
///   nproc             RLIMIT_NPROC: tasks; uid_tasks: tasks of the same uid elsewhere
///   as data lock      RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK after mlockall: bytes
///   maps              left below vm.max_map_count, filled up
///   threads           it has, asleep; ended: it had; heap: it has used its heap
///   memory            a memory limit on its group that does not bind, MiB
///   threads_max pid_max map_count commit    host-wide, for a throw-away machine:
///   kernel.threads-max
///                     and kernel.pid_max in tasks, vm.max_map_count in maps,
///                     vm.overcommit_memory=2 in bytes
struct Combination {
  std::map<std::string, std::int64_t> numbers;

  bool has(const std::string& name) const { return numbers.contains(name); }
  std::int64_t get(const std::string& name, std::int64_t otherwise = 0) const;
  /// "pids0=9,stack=65536"
  std::string text() const;
};

/// Reads what text() wrote. Throws std::invalid_argument naming what is wrong.
Combination parse_combination(std::string_view text);

/// A combination with one to four limits, ties among them often.
Combination random_combination(std::mt19937_64& random, bool host_limits);

/// Simpler ones: each number left out, then each halved.
std::vector<Combination> smaller(const Combination& combination);

}  // namespace ceiling
