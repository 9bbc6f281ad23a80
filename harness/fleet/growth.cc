#include "harness/fleet/growth.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cgroups/error.h"
#include "harness/fleet/arm_run.h"

namespace ceiling {
namespace {

/// What the host has in use of its own limits while everything of the run is there but frontends.
void measure_host(Site& site, const Fleet& fleet, const Experiment& experiment) {
  if (host_settings_of(experiment).empty()) return;
  const Canaries canaries(site, fleet, 0);
  for (const ArmPlan& arm : experiment.arms) record_host(site, arm.limits);
}

/// They have a place for every member, whether it is a subscriber or has peers, so that one fleet
/// measures both. What the host has in use is another matter: there, those of the arm itself.
int calibrated_caches(const Experiment& experiment, const ArmPlan& arm) {
  int most = arm.cache_servers();
  if (!host_settings_of(experiment).empty()) return most;
  for (const ArmPlan& other : experiment.arms) most = std::max(most, other.cache_servers());
  return most;
}

std::string describe(const Rest& rest) {
  const StepEvent& step = rest.step;
  const RoutableEvent& routable = *rest.routable;
  if (!rest.kept_out.empty()) {
    return fmt::format("{} not admitted, {} frontends, {:.0f} % routable", rest.kept_out.front(),
                       step.fleet_size, 100 * routable.share);
  }
  if (!step.failed.empty()) {
    return fmt::format("{} frontends, {} failed, {:.0f} % routable", step.fleet_size,
                       step.failed.size(), 100 * routable.share);
  }
  return fmt::format("{} frontends, {:.0f} % routable", step.fleet_size, 100 * routable.share);
}

/// After the failing size. What the arm has ended by.
std::string recover(ArmRun& run, const ArmPlan& arm, int failing_size, const OnProgress& progress) {
  int smaller = failing_size - arm.recovery->remove.value_or(1);
  if (!arm.recovery->remove) {
    for (const int size : arm.fleet.sizes())
      if (size < failing_size) smaller = size;
  }
  const int size = std::max(smaller, 1);
  const bool recovered = run.recover(*arm.recovery, size);
  const std::string text = recovered ? "recovered" : "did not recover";
  progress({arm.name, 1, 1, fmt::format("{} frontends, {}", size, text)});
  return text;
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
  // What a peer costs that has a thread.
  std::erase(spec.guardrails, Guardrail::multiplex);
  std::erase(spec.guardrails, Guardrail::cache_fleet);
  spec.cells.reset();
  spec.cache_servers = calibrated_caches(experiment, arm);
  spec.health_timeout_ms = 0;
  spec.start = 2;
  Fleet fleet(site, std::move(spec), nullptr);
  measure_host(site, fleet, experiment);
  const std::vector<int> sizes = calibration_sizes(experiment);
  int number = 0;
  for (const int size : sizes) {
    if (!grow(fleet, size) || !fleet.failed().empty()) {
      throw Error(
          fmt::format("a fleet of {} without a limit did not come up; logs/ says why", size));
    }
    const CalibrationEvent event{.fleet_size = size,
                                 .tasks = fleet.frontend_tasks(),
                                 .resources = fleet.frontend_resources(),
                                 .caches = fleet.services().cache_use()};
    progress({"calibration", ++number, static_cast<int>(sizes.size()),
              fmt::format("{} frontends, {} tasks each", size, event.tasks.front())});
    site.recorder().record(event);
  }
  fleet.destroy();
}

void run_arm(Site& site, const Experiment& experiment, const ArmPlan& arm,
             const OnProgress& progress) {
  ArmRun run(site, experiment, arm);
  const std::vector<int> sizes = arm.fleet.sizes();
  ArmEndEvent end{.reason = "end of the fleet", .completed = true};
  int step_number = 0;
  for (const int size : sizes) {
    const Rest rest = run.grow_to(size);
    if (!rest.step.settled) {
      end = {.reason = fmt::format("the step to {} frontends did not settle", size),
             .completed = false};
      break;
    }
    progress({arm.name, ++step_number, static_cast<int>(sizes.size()), describe(rest)});
    if (!rest.step.failed.empty()) {
      end.reason = "failing size";
      run.hold(arm.dependents, std::chrono::seconds(arm.hold_s));
      if (arm.recovery) end.reason = recover(run, arm, size, progress);
      break;
    }
    if (!rest.kept_out.empty()) {
      end.reason = ArmEndEvent::kAdditionRefused;
      break;
    }
    if (step_number == 1) run.start_dependents(experiment.clients);
  }
  run.end(end);
}

}  // namespace ceiling
