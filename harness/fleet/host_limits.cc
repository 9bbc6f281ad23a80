#include "harness/fleet/host_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "cgroups/host_use.h"
#include "cgroups/read_facts.h"
#include "harness/observe/sampler.h"

namespace ceiling {
namespace {

SampleEvent sample_of(LimitName name, std::optional<std::int64_t> value, std::int64_t tasks) {
  return {.scope = "host",
          .limit = std::string(to_string(name)),
          .where = host_setting_file(to_string(name)).string(),
          .value = value ? *value : read_host_setting(to_string(name)),
          .tasks = tasks,
          .pids_events = std::nullopt};
}

/// What is there for those who are not root: __vm_enough_memory() in mm/util.c keeps a part for it.
SampleEvent sample_commit(const Hierarchy& hierarchy) {
  const HostFacts host = read_host(hierarchy);
  SampleEvent sample =
      sample_of(LimitName::overcommit_memory,
                host.commit_limit.number.value_or(0) - host.admin_reserve, host_tasks(hierarchy));
  sample.where = "/proc/meminfo";
  sample.used = host.committed.number.value_or(0);
  return sample;
}

constexpr double kShare = 0.8;  // of a limit of the whole host that others have in use

struct MapsUser {
  int pid = 0;
  std::int64_t maps = 0;
};

/// `aim`: what the limit is to be, for the message when somebody's maps are hidden.
MapsUser most_maps(const std::string& aim) {
  MapsUser most;
  for (const int pid : numbered_entries("/proc")) {
    try {
      const std::int64_t maps = counted_maps(pid);
      if (maps > most.maps) most = {pid, maps};
    } catch (const FileError& hidden) {
      throw HostError(fmt::format("vm.max_map_count is to be {}, and what process {} has mapped is "
                                  "not to be seen: {}",
                                  aim, pid, hidden.what()),
                      "run it as root of a throw-away VM: ci/vm --kernel 6.12 -- ...");
    }
  }
  return most;
}

}  // namespace

std::vector<HostSetting> host_settings_of(const Experiment& experiment) {
  std::vector<HostSetting> settings;
  for (const ArmPlan& arm : experiment.arms) {
    for (const LimitName name : arm.limits.names()) {
      if (!arm.limits.of_host(name)) continue;
      auto found = std::find_if(settings.begin(), settings.end(), [name](const auto& setting) {
        return setting.name == to_string(name);
      });
      if (found == settings.end()) {
        found = settings.insert(settings.end(), {.name = std::string(to_string(name)), .ours = {}});
      }
      found->ours.push_back(*arm.limits.value(name));
    }
  }
  return settings;
}

void pass_reserved_pids(const std::vector<HostSetting>& settings) {
  constexpr const char* kLastPid = "/proc/sys/kernel/ns_last_pid";
  constexpr std::int64_t kReservedPids = 300;
  const bool lowers_pid_max = std::any_of(settings.begin(), settings.end(), [](const auto& one) {
    return one.name == to_string(LimitName::pid_max);
  });
  const auto last = lowers_pid_max ? read_file_if_there(kLastPid) : std::nullopt;
  if (last && parse_count(*last, kLastPid).value_or(kReservedPids) < kReservedPids) {
    write_file(kLastPid, std::to_string(kReservedPids));
  }
}

std::int64_t least_map_count() {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(most_maps("set").maps) / kShare));
}

void check_room_for_maps(const LimitPlan& limits) {
  const auto value = limits.value(LimitName::max_map_count);
  if (!value) return;
  const MapsUser most = most_maps(std::to_string(*value));
  if (static_cast<double>(most.maps) <= kShare * static_cast<double>(*value)) return;
  throw HostError(
      fmt::format("vm.max_map_count is to be {}, and process {} has {} maps: more than {:.0f} %",
                  *value, most.pid, most.maps, 100 * kShare),
      "take a higher limit, with more threads_per_peer to get there in as small a fleet");
}

void check_room_to_commit(const LimitPlan& limits) {
  if (!limits.value(LimitName::overcommit_memory)) return;
  const HostFacts host = read_host(Hierarchy::detect());
  const auto used = static_cast<double>(host.committed.number.value_or(0));
  const auto value = static_cast<double>(host.commit_limit.number.value_or(0));
  if (used <= kShare * value) return;
  throw HostError(
      fmt::format("{:.0f} MiB of CommitLimit {:.0f} MiB are committed already: more than {:.0f} %",
                  used / (1 << 20), value / (1 << 20), 100 * kShare),
      "raise vm.overcommit_ratio, or take a host with less on it: ci/vm --kernel 6.12 -- ...");
}

HostLimits::HostLimits(const LimitPlan& limits, const std::vector<HostSetting>& settings) {
  check_room_for_maps(limits);
  check_room_to_commit(limits);
  for (const HostSetting& setting : settings) {
    const auto name = limit_from(setting.name);
    const auto value = name && limits.of_host(*name) ? limits.value(*name) : std::nullopt;
    if (!value) continue;
    changed_.push_back(setting);
    try {
      write_host_setting(setting.name, *value);
    } catch (...) {
      restore_host_settings(changed_);
      throw;
    }
  }
}

HostLimits::~HostLimits() {
  try {
    restore();
  } catch (const std::exception&) {
    // The keeper tries again.
  }
}

void HostLimits::restore() {
  restore_host_settings(changed_);
  changed_.clear();
}

std::vector<SampleEvent> sample_host(const Hierarchy& hierarchy, const LimitPlan& limits) {
  std::vector<SampleEvent> samples = {sample_of(
      LimitName::threads_max, limits.value(LimitName::threads_max), host_tasks(hierarchy))};
  const auto pid_max = limits.value(LimitName::pid_max);
  if (pid_max && limits.of_host(LimitName::pid_max)) {
    samples.push_back(
        sample_of(LimitName::pid_max, pid_max, pid_numbers_taken(hierarchy, *pid_max)));
  }
  if (limits.value(LimitName::overcommit_memory)) samples.push_back(sample_commit(hierarchy));
  return samples;
}

}  // namespace ceiling
