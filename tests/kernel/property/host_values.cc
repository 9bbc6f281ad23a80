#include "tests/kernel/property/host_values.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "cgroups/control_file.h"
#include "cgroups/headroom.h"

namespace ceiling {
namespace {

constexpr const char* kThreadsMax = "/proc/sys/kernel/threads-max";
constexpr const char* kPidMax = "/proc/sys/kernel/pid_max";
constexpr const char* kMapCount = "/proc/sys/vm/max_map_count";
constexpr const char* kOvercommit = "/proc/sys/vm/overcommit_memory";
constexpr const char* kCommitRatio = "/proc/sys/vm/overcommit_ratio";
constexpr const char* kCommitSize = "/proc/sys/vm/overcommit_kbytes";

}  // namespace

HostValues::HostValues(const Hierarchy& hierarchy, const Combination& combination, pid_t pid) {
  if (!in(combination)) return;
  const Facts facts = headroom(hierarchy, {.pid = pid}, {.count = true}).facts;
  const HostFacts& host = facts.host;
  try {
    if (combination.has("commit")) {
      // Writing one of these two sets the other to 0: the ratio is restored last.
      const std::int64_t reserve = host.admin_reserve + facts.place.vm_size.number.value_or(0) / 32;
      const std::int64_t bytes =
          host.committed.number.value_or(0) + reserve + combination.get("commit");
      before_.emplace_back(kCommitRatio, read_file(kCommitRatio));
      set(kCommitSize, bytes / 1024);
      set(kOvercommit, 2);
    }
    if (combination.has("map_count")) {
      set(kMapCount, facts.place.maps.number.value_or(0) + combination.get("map_count"));
    }
    if (combination.has("pid_max")) {
      constexpr std::int64_t kLeast = 301;  // pid_max_min, kernel/pid.c
      const std::int64_t wanted =
          host.first_free_pid() + host.pids_held + combination.get("pid_max");
      set(kPidMax, std::max(kLeast, wanted));
    }
    if (combination.has("threads_max")) {
      set(kThreadsMax, host.tasks.number.value_or(0) + combination.get("threads_max"));
    }
  } catch (const std::exception&) {
    restore();
    throw;
  }
}

HostValues::~HostValues() {
  restore();
}

bool HostValues::in(const Combination& combination) {
  constexpr std::array kOurs = {"threads_max", "pid_max", "map_count", "commit"};
  return std::any_of(kOurs.begin(), kOurs.end(),
                     [&](const char* name) { return combination.has(name); });
}

std::vector<std::pair<std::filesystem::path, std::string>> HostValues::read() {
  std::vector<std::pair<std::filesystem::path, std::string>> values;
  for (const char* file :
       {kThreadsMax, kPidMax, kMapCount, kOvercommit, kCommitRatio, kCommitSize}) {
    values.emplace_back(file, read_file(file));
  }
  return values;
}

void HostValues::set(const std::filesystem::path& file, std::int64_t value) {
  before_.emplace_back(file, read_file(file));
  write_file(file, std::to_string(value));
}

void HostValues::restore() {
  while (!before_.empty()) {
    const auto [file, value] = before_.back();
    before_.pop_back();
    try {
      write_file(file, value);
    } catch (const std::exception& error) {
      // The end of the program finds out as well.
      std::fprintf(stderr, "%s\n", error.what());
    }
  }
}

}  // namespace ceiling
