#include "harness/observe/sampler.h"

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
