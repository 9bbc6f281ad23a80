#include "harness/find/limit_use.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cgroups/control_file.h"
#include "harness/keeper/host_settings.h"
#include "harness/observe/sampler.h"

namespace ceiling {
namespace {

std::vector<pid_t> processes_of(const Cgroup& group) {
  std::vector<pid_t> pids;
  const auto text = read_file_if_there(group.folders().front() / "cgroup.procs");
  for (const std::string& word : words(text.value_or(""))) pids.push_back(std::stoi(word));
  return pids;
}

std::optional<std::string> above(std::optional<std::int64_t> now, std::int64_t value) {
  if (!now) return "max";
  return *now > value ? std::optional(std::to_string(*now)) : std::nullopt;
}

std::string proc(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

/// The soft limit counts numbers: the highest in use, and one.
std::int64_t descriptors_of(pid_t pid) {
  const std::vector<int> open = numbered_entries(proc(pid, "fd"));
  return open.empty() ? 0 : 1 + *std::max_element(open.begin(), open.end());
}

std::int64_t most_address_space_of(pid_t pid) {
  const auto peak = value_of(read_file_if_there(proc(pid, "status")).value_or(""), "VmPeak:");
  return peak ? parse_count(words(*peak).at(0), "VmPeak").value_or(0) * 1024 : 0;
}

}  // namespace

std::int64_t LimitUse::tasks() const {
  const PidsState pids = group_.pids();
  return pids.peak.value_or(pids.current);
}

void LimitUse::sample() {
  if (limit_.kind == SearchedLimit::Kind::memory_max) return;
  if (limit_.kind == SearchedLimit::Kind::pids_max || limit_.counts_a_user()) {
    most_ = std::max(most_, tasks());
    return;
  }
  for (const pid_t pid : processes_of(group_)) most_ = std::max(most_, use_of(pid));
}

std::int64_t LimitUse::use_of(pid_t pid) const {
  if (limit_.kind == SearchedLimit::Kind::host_setting) return counted_maps(pid);
  return limit_.resource == RLIMIT_NOFILE ? descriptors_of(pid) : most_address_space_of(pid);
}

SampleEvent LimitUse::event(std::optional<std::int64_t> value, pid_t process) const {
  const auto memory = group_.memory();
  if (limit_.kind == SearchedLimit::Kind::pids_max) return sample_pids("trial", group_.pids());
  if (limit_.kind == SearchedLimit::Kind::memory_max && memory) {
    return sample_memory("trial", group_.pids().current, *memory);
  }
  return {.scope = "trial",
          .limit = std::string(limit_.name),
          .where = limit_.kind == SearchedLimit::Kind::host_setting
                       ? host_setting_file(limit_.name).string()
                       : proc(process, "limits"),
          .value = value,
          .tasks = group_.pids().current,
          .pids_events = std::nullopt,
          .used = peak()};
}

std::int64_t LimitUse::peak() const {
  if (limit_.kind != SearchedLimit::Kind::memory_max) return most_;
  const auto memory = group_.memory();
  return memory ? memory->peak : 0;
}

std::optional<std::int64_t> LimitUse::refusals() const {
  switch (limit_.kind) {
    case SearchedLimit::Kind::pids_max:
      return group_.pids().events;
    case SearchedLimit::Kind::memory_max: {
      const auto memory = group_.memory();
      return memory ? std::optional(memory->oom_kills) : std::nullopt;
    }
    case SearchedLimit::Kind::rlimit:
    case SearchedLimit::Kind::host_setting:
      break;
  }
  return std::nullopt;
}

bool LimitUse::holds(pid_t process) const {
  const std::vector<pid_t> pids = processes_of(group_);
  return std::find(pids.begin(), pids.end(), process) != pids.end();
}

std::optional<std::string> LimitUse::raised_above(std::int64_t value) const {
  switch (limit_.kind) {
    case SearchedLimit::Kind::pids_max:
      return above(group_.pids().max, value);
    case SearchedLimit::Kind::memory_max: {
      const auto memory = group_.memory();
      return memory ? above(memory->max, value) : std::nullopt;
    }
    case SearchedLimit::Kind::host_setting:
      return above(read_host_setting(limit_.name), value);
    case SearchedLimit::Kind::rlimit:
      break;
  }
  for (const pid_t pid : processes_of(group_)) {
    rlimit its{};
    const auto resource = static_cast<__rlimit_resource>(limit_.resource);
    if (::prlimit(pid, resource, nullptr, &its) != 0) continue;
    if (its.rlim_cur == RLIM_INFINITY) return "max";
    if (its.rlim_cur > static_cast<rlim_t>(value)) return std::to_string(its.rlim_cur);
  }
  return std::nullopt;
}

}  // namespace ceiling
