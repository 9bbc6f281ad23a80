#include "harness/experiment/limits.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace ceiling {
namespace {

enum class Counted { by_group, by_uid, by_process, by_host };

struct Traits {
  LimitName name;
  std::string_view text;
  Counted counted;
  bool bytes;
  Range allowed;
};

// PID_MAX_LIMIT of include/linux/threads.h: no host has more tasks.
constexpr std::int64_t kMostTasks = 4'194'304;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 53;  // a JSON number holds it exactly
constexpr std::int64_t kMostInt = std::numeric_limits<std::int32_t>::max();

// Ranges: kernel/fork.c (MIN_THREADS, FUTEX_TID_MASK), kernel/pid.c (pid_max_min), fs/file_table.c
// (sysctl_nr_open_max), proc_sys_vm(5).
constexpr std::array<Traits, 11> kTraits = {{
    {LimitName::pids_max, "pids.max", Counted::by_group, false, {1, kMostTasks}},
    {LimitName::rlimit_nproc, "RLIMIT_NPROC", Counted::by_uid, false, {1, kMostTasks}},
    {LimitName::rlimit_as, "RLIMIT_AS", Counted::by_process, true, {1, kMostBytes}},
    {LimitName::rlimit_data, "RLIMIT_DATA", Counted::by_process, true, {1, kMostBytes}},
    {LimitName::rlimit_memlock, "RLIMIT_MEMLOCK", Counted::by_process, true, {1, kMostBytes}},
    {LimitName::rlimit_nofile, "RLIMIT_NOFILE", Counted::by_process, false, {1, 1'073'741'816}},
    {LimitName::memory_max, "memory.max", Counted::by_group, true, {1, kMostBytes}},
    {LimitName::threads_max, "kernel.threads-max", Counted::by_host, false, {20, 1'073'741'823}},
    {LimitName::pid_max, "kernel.pid_max", Counted::by_host, false, {301, kMostTasks}},
    {LimitName::max_map_count, "vm.max_map_count", Counted::by_host, false, {1, kMostInt}},
    {LimitName::overcommit_memory, "vm.overcommit_memory", Counted::by_host, false, {0, 2}},
}};

constexpr std::string_view kMember = "frontend-";

struct ResourceName {
  Resource resource;
  std::string_view name;
  std::optional<LimitName> limit;  ///< that counts it of each process
};
constexpr std::array<ResourceName, 8> kResources = {{
    {Resource::address_space, "address_space_bytes", LimitName::rlimit_as},
    {Resource::data, "data_bytes", LimitName::rlimit_data},
    {Resource::locked, "locked_bytes", LimitName::rlimit_memlock},
    {Resource::descriptors, "descriptors", LimitName::rlimit_nofile},
    {Resource::maps, "maps", LimitName::max_map_count},
    {Resource::memory, "memory_bytes", std::nullopt},
    {Resource::kernel_memory, "kernel_memory_bytes", std::nullopt},
    {Resource::memory_ahead, "memory_ahead_bytes", std::nullopt},
}};

const Traits& traits(LimitName name) {
  return kTraits.at(static_cast<std::size_t>(name));
}

}  // namespace

std::string_view to_string(LimitScope scope) {
  switch (scope) {
    case LimitScope::frontend:
      return "frontend";
    case LimitScope::fleet:
      return "fleet";
    case LimitScope::pid_namespace:
      return "pid-namespace";
    case LimitScope::host:
      break;
  }
  return "host";
}

std::string_view to_string(LimitName name) {
  return traits(name).text;
}

std::optional<LimitName> limit_from(std::string_view name) {
  for (const Traits& limit : kTraits) {
    if (limit.text == name) return limit.name;
  }
  return std::nullopt;
}

const std::vector<LimitName>& all_limits() {
  static const std::vector<LimitName> all = [] {
    std::vector<LimitName> names;
    for (const Traits& limit : kTraits) names.push_back(limit.name);
    return names;
  }();
  return all;
}

bool is_host_wide(LimitName name) {
  return traits(name).counted == Counted::by_host;
}

bool is_per_process(LimitName name) {
  return traits(name).counted == Counted::by_process;
}

bool counts_bytes(LimitName name) {
  return traits(name).bytes;
}

std::string_view to_string(Resource resource) {
  return kResources.at(static_cast<std::size_t>(resource)).name;
}

std::optional<Resource> counted_by(LimitName name) {
  for (const ResourceName& counted : kResources) {
    if (counted.limit == name) return counted.resource;
  }
  return std::nullopt;
}

Range allowed(LimitName name) {
  return traits(name).allowed;
}

std::string member_name(int number) {
  return std::string(kMember) + std::to_string(number);
}

std::optional<int> member_number(std::string_view name) {
  if (name.substr(0, kMember.size()) != kMember) return std::nullopt;
  name.remove_prefix(kMember.size());
  int number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size();
  // Neither frontend-03 nor frontend--3 is a name that a fleet gives.
  return whole && name == std::to_string(number) && number > 0 ? std::optional(number)
                                                               : std::nullopt;
}

std::optional<std::int64_t> LimitPlan::value(LimitName name) const {
  const auto found = values.find(name);
  return found == values.end() ? std::nullopt : found->second.value;
}

std::optional<std::int64_t> LimitPlan::value(LimitName name, int member) const {
  const auto drifted = overrides.find(member);
  if (drifted == overrides.end() || !drifted->second.contains(name)) return value(name);
  return drifted->second.at(name).value;
}

bool LimitPlan::sets(LimitName name) const {
  return value(name) || std::any_of(overrides.begin(), overrides.end(), [&](const auto& drifted) {
           return value(name, drifted.first).has_value();
         });
}

bool LimitPlan::of_host(LimitName name) const {
  return is_host_wide(name) && !(name == LimitName::pid_max && scope == LimitScope::pid_namespace);
}

std::vector<LimitName> LimitPlan::names() const {
  std::vector<LimitName> names;
  for (const auto& [name, limit] : values) {
    if (limit.value) names.push_back(name);
  }
  return names;
}

}  // namespace ceiling
