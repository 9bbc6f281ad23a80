#include "harness/fleet/growth.h"

#include <fmt/format.h>

#include <algorithm>

#include "cgroups/error.h"
#include "harness/fleet/canaries.h"
#include "harness/fleet/fleet.h"
#include "harness/fleet/host_limits.h"

namespace ceiling {
namespace {

FleetSpec spec_of(const Experiment& experiment, const ArmPlan& arm, std::string label) {
  return {.label = std::move(label),
          .start = arm.fleet.start,
          .threads_per_peer = arm.fleet.threads_per_peer,
          .backends = experiment.backends,
          .streams = experiment.streams,
          .guardrails = arm.guardrails,
          .limits = arm.limits,
          .lock_memory = arm.limits.sets(LimitName::rlimit_memlock)};
}

int canary_rate(const Experiment& experiment) {
  int rate = 0;
  for (const ClientPlan& client : experiment.clients) {
    if (client.kind == "canary") rate += client.rate_per_s;
  }
  return rate;
}

/// False when a step did not settle. The first fleet comes in one version, later members one by
/// one. In a scope that is shared, main processes go on joining after the first refusal: what stood
/// there then is sampled at once.
bool grow_to(Fleet& fleet, int size) {
  if (fleet.size() == 0) {
    while (fleet.size() < size) fleet.add_frontend();
    return fleet.settle();
  }
  bool failed = false;
  while (fleet.size() < size) {
    fleet.add_frontend();
    if (!fleet.settle()) return false;
    if (!failed && !fleet.failed().empty()) fleet.sample();
    failed = !fleet.failed().empty();
  }
  return true;
}

void record_host(Site& site, const LimitPlan& limits) {
  for (SampleEvent& sample : sample_host(site.hierarchy(), limits)) {
    site.recorder().record(std::move(sample));
  }
}

/// What the host has in use of its own limits while everything of the run is there but frontends.
void measure_host(Site& site, const Fleet& fleet, const Experiment& experiment) {
  if (host_settings_of(experiment).empty()) return;
  const Canaries canaries(site, fleet, 0);
  for (const ArmPlan& arm : experiment.arms) record_host(site, arm.limits);
}

std::string describe(const StepEvent& step, const RoutableEvent& routable) {
  if (!step.failed.empty()) {
    return fmt::format("{} frontends, {} failed, {:.0f} % routable", step.fleet_size,
                       step.failed.size(), 100 * routable.share);
  }
  return fmt::format("{} frontends, {:.0f} % routable", step.fleet_size, 100 * routable.share);
}

}  // namespace

std::vector<int> calibration_sizes(const Experiment& experiment) {
  std::vector<int> sizes = {2, 3};
  const auto limits_memory = [](const ArmPlan& arm) {
    return arm.limits.sets(LimitName::memory_max);
  };
  if (std::any_of(experiment.arms.begin(), experiment.arms.end(), limits_memory)) {
    sizes.push_back(sizes.back() + kMemorySpan);
  }
  return sizes;
}

void calibrate(Site& site, const Experiment& experiment, const ArmPlan& arm,
               const OnProgress& progress) {
  pass_reserved_pids(site.host_settings());
  FleetSpec spec = spec_of(experiment, arm, "calibration-" + arm.name);
  spec.limits = {};
  spec.start = 2;
  Fleet fleet(site, std::move(spec), nullptr);
  measure_host(site, fleet, experiment);
  const std::vector<int> sizes = calibration_sizes(experiment);
  int number = 0;
  for (const int size : sizes) {
    if (!grow_to(fleet, size) || !fleet.failed().empty()) {
      throw Error(
          fmt::format("a fleet of {} without a limit did not come up; logs/ says why", size));
    }
    const CalibrationEvent event{.fleet_size = size,
                                 .tasks = fleet.frontend_tasks(),
                                 .resources = fleet.frontend_resources()};
    progress({"calibration", ++number, static_cast<int>(sizes.size()),
              fmt::format("{} frontends, {} tasks each", size, event.tasks.front())});
    site.recorder().record(event);
  }
  fleet.destroy();
}

void run_arm(Site& site, const Experiment& experiment, const ArmPlan& arm,
             const OnProgress& progress) {
  Recorder& recorder = site.recorder();
  Fleet fleet(site, spec_of(experiment, arm, "arm-" + arm.name), &recorder);
  Canaries canaries(site, fleet, canary_rate(experiment));
  record_host(site, arm.limits);
  HostLimits host_limits(arm.limits, site.host_settings());
  const std::vector<int> sizes = arm.fleet.sizes();
  ArmEndEvent end{.reason = "end of the fleet", .completed = true};
  int step_number = 0;
  for (const int size : sizes) {
    const bool settled = grow_to(fleet, size);
    fleet.sample();
    const StepEvent step{.fleet_size = size,
                         .settled = settled,
                         .in_service = static_cast<int>(fleet.in_service().size()),
                         .failed = fleet.failed()};
    recorder.record(step);
    if (!settled) {
      end = {.reason = fmt::format("the step to {} frontends did not settle", size),
             .completed = false};
      break;
    }
    canaries.use(fleet.in_service());
    const RoutableEvent routable = canaries.sweep(size);
    progress({arm.name, ++step_number, static_cast<int>(sizes.size()), describe(step, routable)});
    if (!step.failed.empty()) {
      end.reason = "failing size";
      break;
    }
  }
  host_limits.restore();  // the audit needs memory of its own
  if (end.completed) canaries.audit();
  recorder.record(end);
  fleet.destroy();
}

}  // namespace ceiling
