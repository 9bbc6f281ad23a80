#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/cgroup.h"
#include "cgroups/hierarchy.h"
#include "harness/cli/making.h"
#include "harness/experiment/experiment.h"
#include "harness/fleet/event_loop.h"
#include "harness/fleet/growth.h"
#include "harness/fleet/site.h"
#include "harness/keeper/keeper.h"
#include "harness/predict/predict.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// What a run needs of this host, found out before anything is created.
struct HostPlan {
  Hierarchy hierarchy;
  std::filesystem::path programs;
  std::string run_id;
  std::vector<std::string> controllers = {"pids", "freezer", "memory"};
  std::vector<std::filesystem::path> groups;  ///< that the run is going to make, at the top
  std::int64_t tasks = 0;                     ///< the most that are going to be at one moment
  int uids = 0;
  std::vector<HostSetting> host_settings = {};  ///< that the arms are going to change
};

/// Throws HostError where this host cannot run it: not root, no pids controller, no room below 80 %
/// of a limit that the run shares with others, too few descriptors, a limit above what may be set.
HostPlan plan_for_host(const Experiment& experiment, const std::vector<CostModel>& models,
                       const std::filesystem::path& programs);

/// What the arms set on the whole host. Throws HostError where a setting may not be written.
std::vector<HostSetting> host_settings_for(const Experiment& experiment);

/// Everything that one run stands on, made in the right order and taken down in the reverse: the
/// keeper first, then the run's group, then the site. finish() takes it down and tells what was
/// left.
class RunHost {
 public:
  RunHost(const HostPlan& plan, const std::string& experiment, const ResultsFolder& results);
  ~RunHost();

  Site& site() { return *site_; }
  void finish();

 private:
  SignalsHeld held_;
  Keeper keeper_;  // forked before the first thread, descriptor and group
  EventLoop loop_;
  std::unique_ptr<Cgroup> group_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Site> site_;
};

/// Calibrates every arm and records it, arms that cost the same once.
void calibrate_all(Site& site, const Experiment& experiment, const OnProgress& progress);

/// What the calibration in a run's folder says of each arm; nothing where it lies on no line.
std::vector<std::optional<CostModel>> measured_models(const Experiment& experiment,
                                                      const std::filesystem::path& results);

/// history.jsonl of a run's folder. Throws BadInput.
ParsedHistory read_history(const std::filesystem::path& results);

/// Judges the history of a run's folder and writes result.json and report.html there. A page that
/// cannot be written is told, and costs nothing else.
RunVerdict judge_and_store(const Experiment& experiment, const ResultsFolder& results);

}  // namespace ceiling
