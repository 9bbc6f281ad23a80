#include "harness/observe/sampler.h"

#include <algorithm>
#include <string>

#include "cgroups/control_file.h"

namespace ceiling {

SampleEvent sample_pids(const std::string& scope, const PidsState& state) {
  return {.scope = scope,
          .limit = "pids.max",
          .where = (state.folder / "pids.max").string(),
          .value = state.max,
          .tasks = state.current,
          .pids_events = state.events};
}

std::int64_t counted_maps(pid_t pid) {
  const std::string maps =
      read_file_if_there("/proc/" + std::to_string(pid) + "/maps").value_or("");
  const auto lines = std::count(maps.begin(), maps.end(), '\n');
  return maps.find("[vsyscall]") == std::string::npos ? lines : lines - 1;
}

namespace {

std::int64_t maps_to_be_seen(pid_t pid) {
  try {
    return counted_maps(pid);
  } catch (const FileError&) {
    return 0;
  }
}

}  // namespace

std::optional<ProcessUse> read_use(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const auto status = read_file_if_there(folder + "/status");
  if (!status) return std::nullopt;
  const auto field = [&](const char* key) -> std::int64_t {
    const auto text = value_of(*status, key);  // a process that is being reaped has no sizes
    return text ? parse_count(words(*text).at(0), folder + "/status").value_or(0) : 0;
  };
  constexpr std::int64_t kKilobyte = 1024;
  return ProcessUse{
      .tasks = field("Threads:"),
      .address_space_bytes = field("VmSize:") * kKilobyte,
      .data_bytes = field("VmData:") * kKilobyte,
      .locked_bytes = field("VmLck:") * kKilobyte,
      .descriptors = static_cast<std::int64_t>(numbered_entries(folder + "/fd").size()),
      .maps = maps_to_be_seen(pid)};
}

SampleEvent sample_maps(const std::string& scope, const ProcessUse& use) {
  const std::string file = "/proc/sys/vm/max_map_count";
  return {.scope = scope,
          .limit = "vm.max_map_count",
          .where = file,
          .value = parse_count(read_file(file), file),
          .tasks = use.tasks,
          .pids_events = std::nullopt,
          .used = use.maps};
}

std::optional<SampleEvent> sample_process(const std::string& scope, std::string_view limit,
                                          std::string_view row, pid_t pid, const ProcessUse& use,
                                          std::int64_t used) {
  const std::string file = "/proc/" + std::to_string(pid) + "/limits";
  const auto limits = read_file_if_there(file);
  const auto values = limits ? value_of(*limits, row) : std::nullopt;
  if (!values) return std::nullopt;
  return SampleEvent{.scope = scope,
                     .limit = std::string(limit),
                     .where = file,
                     .value = parse_count(words(*values).at(0), file),
                     .tasks = use.tasks,
                     .pids_events = std::nullopt,
                     .used = used};
}

SampleEvent sample_memory(const std::string& scope, std::int64_t tasks, const MemoryState& state) {
  return {.scope = scope,
          .limit = "memory.max",
          .where = state.file.string(),
          .value = state.max,
          .tasks = tasks,
          .pids_events = std::nullopt,
          .used = state.peak,
          .oom_kills = state.oom_kills};
}

std::optional<SampleEvent> sample_nproc(const std::string& scope, std::span<const pid_t> pids) {
  std::optional<SampleEvent> sample;
  for (const pid_t pid : pids) {
    const std::string folder = "/proc/" + std::to_string(pid);
    const auto status = read_file_if_there(folder + "/status");
    if (!status) continue;
    const auto threads = value_of(*status, "Threads:");
    if (!threads) continue;  // a process that is being reaped
    if (!sample) {
      const auto limits = read_file_if_there(folder + "/limits");
      const auto row = limits ? value_of(*limits, "Max processes") : std::nullopt;
      if (!row) continue;
      sample = SampleEvent{.scope = scope,
                           .limit = "RLIMIT_NPROC",
                           .where = folder + "/limits",
                           .value = parse_count(words(*row).at(0), folder + "/limits"),
                           .tasks = 0,
                           .pids_events = std::nullopt};
    }
    sample->tasks += parse_count(*threads, folder + "/status").value_or(0);
  }
  return sample;
}

}  // namespace ceiling
