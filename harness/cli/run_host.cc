#include "harness/cli/run_host.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <variant>

#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "cgroups/headroom.h"
#include "harness/cli/predictions.h"
#include "harness/cli/verb.h"
#include "harness/fleet/host_limits.h"
#include "harness/fleet/pid_namespace.h"
#include "harness/predict/host_limit.h"
#include "harness/report/html.h"
#include "harness/report/report.h"
#include "workload/protocol/thread_accounting.h"

namespace ceiling {
namespace {

constexpr double kShareOfHost = 0.8;
constexpr std::size_t kMaxHistoryBytes = std::size_t{4} << 30;
constexpr int kDescriptorsBeside = 128;  // of a frontend: clients, backends, status, log

std::string group_name(const std::string& run_id) {
  return Cgroup::kTag + run_id;
}

/// The size at which an arm ends: the predicted one, or its last. What the host has in use of a
/// limit of its own is still to be measured.
int last_size(const ArmPlan& arm, const CostModel& model) {
  if (host_limit(arm.limits)) return arm.fleet.sizes().back();
  return predict(arm, model).fleet_size.value_or(arm.fleet.sizes().back());
}

void check_shared_limits(const Hierarchy& hierarchy, std::int64_t tasks) {
  const auto full = first_overfilled(shared_limits(hierarchy), tasks, kShareOfHost);
  if (!full) return;
  throw HostError(
      fmt::format(
          "the run needs up to {} tasks, and {} ({}) is {} with {} in use: it would be more "
          "than {:.0f} % full",
          tasks, full->name, full->where, full->value.value_or(0), full->used, 100 * kShareOfHost),
      "take a smaller fleet or limit (--set fleet.end=N), raise that limit, or run outside of it");
}

/// Of the fleet's value and those of its drifted members; nothing where the limit is not set.
std::optional<std::int64_t> largest(const LimitPlan& limits, LimitName name) {
  std::optional<std::int64_t> most = limits.value(name);
  for (const auto& [member, values] : limits.overrides) {
    most = std::max(most, limits.value(name, member));
  }
  return most;
}

struct RlimitName {
  LimitName name;
  int rlimit;
  const char* raised_by;
};
constexpr std::array<RlimitName, 5> kRlimits = {{
    {LimitName::rlimit_nproc, RLIMIT_NPROC, "ulimit -Hu"},
    {LimitName::rlimit_as, RLIMIT_AS, "ulimit -Hv"},
    {LimitName::rlimit_data, RLIMIT_DATA, "ulimit -Hd"},
    {LimitName::rlimit_memlock, RLIMIT_MEMLOCK, "ulimit -Hl"},
    {LimitName::rlimit_nofile, RLIMIT_NOFILE, "ulimit -Hn"},
}};

void check_hard_limit(const ArmPlan& arm, const RlimitName& limit) {
  const auto wanted = largest(arm.limits, limit.name);
  rlimit here{};
  ::getrlimit(limit.rlimit, &here);
  if (!wanted || static_cast<rlim_t>(*wanted) <= here.rlim_max) return;
  throw HostError(fmt::format("arm {} sets {} to {}, and the hard limit here is {}", arm.name,
                              to_string(limit.name), *wanted, here.rlim_max),
                  fmt::format("raise it ({}), or take a lower limit", limit.raised_by));
}

void check_rlimits(const Experiment& experiment, const std::vector<CostModel>& models) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  for (std::size_t i = 0; i < experiment.arms.size(); ++i) {
    const ArmPlan& arm = experiment.arms[i];
    const auto needed = static_cast<rlim_t>(2 * models[i].per_peer *
                                            (models[i].cell_size(last_size(arm, models[i])) - 1)) +
                        kDescriptorsBeside;
    if (needed > files.rlim_max) {
      throw HostError(fmt::format("a frontend of arm {} needs {} descriptors, and the hard limit "
                                  "RLIMIT_NOFILE here is {}",
                                  arm.name, needed, files.rlim_max),
                      "raise it (ulimit -Hn), or take a smaller fleet");
    }
    for (const RlimitName& limit : kRlimits) check_hard_limit(arm, limit);
  }
}

/// Of the group that the run's own is made in: on v2 a controller may not be handed down.
bool has_controller(const Hierarchy& hierarchy, const std::string& name) {
  const ControllerMount* mount = hierarchy.controller(name);
  if (mount == nullptr || mount->version == CgroupVersion::v1) return mount != nullptr;
  const std::filesystem::path group = hierarchy.folder(name, hierarchy.group_of(0, name));
  const std::vector<std::string> had =
      words(read_file_if_there(group / "cgroup.controllers").value_or(""));
  return std::find(had.begin(), had.end(), name) != had.end();
}

void check_memory_controller(const Experiment& experiment, const Hierarchy& hierarchy) {
  constexpr const char* kRemedy =
      "take another limit, or sudo systemd-run --scope -p Delegate=yes ceiling ...";
  for (const ClientPlan& client : experiment.clients) {
    if (!client.memory_max || has_controller(hierarchy, "memory")) continue;
    throw HostError(fmt::format("the client {} has memory_max, and the memory controller is not "
                                "available here",
                                client.kind),
                    kRemedy);
  }
  for (const ArmPlan& arm : experiment.arms) {
    if (!arm.limits.sets(LimitName::memory_max) || has_controller(hierarchy, "memory")) continue;
    throw HostError(
        fmt::format("arm {} sets memory.max, and the memory controller is not available here",
                    arm.name),
        kRemedy);
  }
}

bool limits_cpu(const Experiment& experiment) {
  return std::any_of(experiment.arms.begin(), experiment.arms.end(),
                     [](const ArmPlan& arm) { return arm.limits.cpu_percent > 0; });
}

void check_cpu_controller(const Experiment& experiment, const Hierarchy& hierarchy) {
  if (!limits_cpu(experiment) || has_controller(hierarchy, "cpu")) return;
  throw HostError("limits.cpu_percent is set, and the cpu controller is not available here",
                  "leave it out, or sudo systemd-run --scope -p Delegate=yes ceiling ...");
}

/// The harness itself holds a handful of descriptors for every frontend.
void take_all_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

HostPlan plan_for_host(const Experiment& experiment, const std::vector<CostModel>& models,
                       const std::filesystem::path& programs) {
  if (::geteuid() != 0) {
    throw HostError("making control groups and private users needs root",
                    "sudo ceiling run ...  (ceiling predict needs no root)");
  }
  HostPlan plan{.hierarchy = Hierarchy::detect(),
                .programs = find_programs(programs),
                .run_id = new_run_id(),
                .groups = {},
                .tasks = 0,
                .uids = 0};
  if (plan.hierarchy.controller("pids") == nullptr) {
    throw HostError("the pids controller is not mounted here",
                    "mount -t cgroup2 none /sys/fs/cgroup, or leave the container");
  }
  const int calibrated = calibration_sizes(experiment).back();
  const auto dependents = static_cast<int>(dependents_of(experiment.clients).size());
  for (std::size_t i = 0; i < experiment.arms.size(); ++i) {
    const ArmPlan& arm = experiment.arms[i];
    // Keeper, launcher, and the child that is between fork and exec.
    const int services = wire::kMembershipTasks + experiment.backends * wire::kBackendTasks +
                         arm.cache_servers() * wire::kCacheTasks + wire::kClientTasks +
                         dependents * wire::kDependentTasks + 3;
    plan.tasks = std::max(plan.tasks, peak_tasks(arm, models[i]) + services);
    plan.tasks = std::max(plan.tasks, models[i].fleet_tasks(calibrated) + services);
    plan.uids =
        std::max(plan.uids, Site::uids_needed(std::max(calibrated, last_size(arm, models[i]))));
  }
  check_shared_limits(plan.hierarchy, plan.tasks);
  check_memory_controller(experiment, plan.hierarchy);
  check_cpu_controller(experiment, plan.hierarchy);
  // A group of its own for what is not limited would change how the host shares its CPUs.
  if (limits_cpu(experiment)) plan.controllers.emplace_back("cpu");
  PidNamespace::check_kernel(experiment);
  for (const ArmPlan& arm : experiment.arms) {
    check_room_for_maps(arm.limits);
    check_room_to_commit(arm.limits);
  }
  check_rlimits(experiment, models);
  Cgroup::check_place(plan.hierarchy, plan.controllers);
  plan.groups = Cgroup::planned_folders(plan.hierarchy, group_name(plan.run_id), plan.controllers);
  return plan;
}

std::vector<HostSetting> host_settings_for(const Experiment& experiment) {
  std::vector<HostSetting> settings = host_settings_of(experiment);
  for (const HostSetting& setting : settings) {
    const std::string file = host_setting_file(setting.name).string();
    if (::access(file.c_str(), W_OK) == 0) continue;
    throw HostError(fmt::format("{} may not be set here: {}: {}", setting.name, file,
                                std::generic_category().message(errno)),
                    "run it as root of a throw-away VM: ci/vm --kernel 6.12 -- ...");
  }
  return settings;
}

RunHost::RunHost(const HostPlan& plan, const std::string& experiment, const ResultsFolder& results)
    : keeper_(Keeper::start(Registry(),
                            {.run_id = plan.run_id,
                             .groups = plan.groups,
                             .uids = {},
                             .results = std::filesystem::absolute(results.path()),
                             .data = data_folder_for(plan.run_id),
                             .host_settings = plan.host_settings},
                            plan.uids)) {
  held_.release();
  take_all_descriptors();
  group_ = std::make_unique<Cgroup>(
      Cgroup::create(plan.hierarchy, group_name(plan.run_id), plan.controllers));
  recorder_ = std::make_unique<Recorder>(results.open_new("history.jsonl"));
  recorder_->record(describe_run(plan.run_id, experiment, plan.hierarchy));
  site_ = std::make_unique<Site>(keeper_.entry(), loop_, keeper_.launcher(), *group_, *recorder_,
                                 results, plan.programs);
}

RunHost::~RunHost() = default;

void RunHost::finish() {
  site_.reset();
  group_->destroy();
  for (const std::string& line : keeper_.finish()) tell(fmt::format("ceiling: {}\n", line));
}

void calibrate_all(Site& site, const Experiment& experiment, const OnProgress& progress) {
  const ArmPlan& first = experiment.arms.front();
  const auto locks = [](const ArmPlan& arm) { return arm.limits.sets(LimitName::rlimit_memlock); };
  const bool host_counts = !host_settings_of(experiment).empty();
  const auto same_cost = [&](const ArmPlan& arm) {
    const bool same_host = !host_counts || arm.cache_servers() == first.cache_servers();
    return same_host && arm.fleet.threads_per_peer == first.fleet.threads_per_peer &&
           locks(arm) == locks(first);
  };
  if (std::all_of(experiment.arms.begin(), experiment.arms.end(), same_cost)) {
    return calibrate(site, experiment, first, progress);
  }
  for (const ArmPlan& arm : experiment.arms) {
    site.recorder().enter_arm(arm.name);
    calibrate(site, experiment, arm, progress);
  }
  site.recorder().enter_arm("");
}

std::vector<std::optional<CostModel>> measured_models(const Experiment& experiment,
                                                      const std::filesystem::path& results) {
  const ParsedHistory history = read_history(results);
  std::map<std::string, std::vector<CalibrationPoint>> points;
  std::map<std::string, std::vector<const SampleEvent*>> samples;
  for (const Event& event : history.events) {
    const auto* one = std::get_if<CalibrationEvent>(&event.what);
    if (one != nullptr)
      points[event.arm].push_back({one->fleet_size, one->tasks, one->resources, one->caches});
    const auto* sample = std::get_if<SampleEvent>(&event.what);
    if (sample != nullptr) samples[event.arm].push_back(sample);
  }
  std::vector<std::optional<CostModel>> models;
  for (const ArmPlan& arm : experiment.arms) {
    const std::string measured = points.contains(arm.name) ? arm.name : "";
    models.push_back(fit(points[measured]));
    if (!models.back()) continue;
    models.back() = shaped(std::move(*models.back()), arm);
    models.back()->host = host_use(samples[measured]);
  }
  return models;
}

ParsedHistory read_history(const std::filesystem::path& results) {
  return parse_history(read_bounded(results / "history.jsonl", kMaxHistoryBytes));
}

RunVerdict judge_and_store(const Experiment& experiment, const ResultsFolder& results) {
  const ParsedHistory history = read_history(results.path());
  RunVerdict verdict = judge(experiment, history);
  results.write("result.json", result_json(verdict));
  try {
    const ShownRun shown{.verdict = verdict,
                         .experiment = &experiment,
                         .history = history.events,
                         .folder = results.path().string()};
    results.write("report.html", report_html({&shown, 1}));
  } catch (const HostError& cannot) {
    tell(fmt::format("ceiling: {}\n  to do: make room, then ceiling report {}\n", cannot.what(),
                     results.path().string()));
  }
  return verdict;
}

}  // namespace ceiling
