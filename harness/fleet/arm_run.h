#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/fleet/canaries.h"
#include "harness/fleet/dependents.h"
#include "harness/fleet/fleet.h"
#include "harness/fleet/host_limits.h"
#include "harness/fleet/site.h"
#include "harness/observe/history.h"
#include "harness/observe/operations_folder.h"

namespace ceiling {

/// What was seen when the fleet had come to rest.
struct Rest {
  StepEvent step;
  std::optional<RoutableEvent> routable;   ///< nothing where the step did not settle
  std::vector<std::string> kept_out = {};  ///< by admission; they are out of the fleet again
};

/// A fleet of the arm's kind, under its limits.
FleetSpec spec_of(const Experiment& experiment, const ArmPlan& arm, std::string label);

/// Grows a fleet as one step; false when it did not settle. The first fleet comes in one version,
/// later members one by one, each settled before the next, until one is kept out by admission.
bool grow(Fleet& fleet, int size);

/// Records what the host has in use of its own limits now.
void record_host(Site& site, const LimitPlan& limits);

/// One arm under way: its fleet, the canaries beside it, and its limits of the whole host, which
/// are set last before the growth and taken back before the audit. Whatever is done to the fleet is
/// recorded with what came of it: samples, then the step, then the sweep. All of it throws Error
/// where the fleet or its client cannot go on.
class ArmRun {
 public:
  /// No frontend yet. `port` as in FleetSpec.
  ArmRun(Site& site, const Experiment& experiment, const ArmPlan& arm, int port = 0);

  /// As grow().
  Rest grow_to(int size);
  /// Ends frontends until there are `size`: those that are gone first, then the highest numbers.
  /// Canaries leave them first.
  Rest shrink_to(int size);
  /// SIGKILL to a frontend, which is taken out of the fleet, or to a backend or cache server.
  Rest kill(const std::string& name);
  /// Starts a backend or cache server that has ended, or a frontend that has ended or was killed.
  Rest restart(const std::string& name);
  /// Waits for the fleet after something happened that nobody did.
  Rest settle();
  /// Starts the dependents among the experiment's clients, which need a fleet in service. Where
  /// there are none, nothing happens.
  void start_dependents(const std::vector<ClientPlan>& clients);
  /// Stays as it is for what the arm expects of its dependents, `patience` at most: see
  /// Dependents::await().
  void hold(const ExpectedDependents& expected, std::chrono::seconds patience);
  /// Shrinks the fleet to `size` and restarts it by the plan; see Recovery. Then waits for the
  /// dependents that are to come back, as long again at most. True when the fleet recovered.
  bool recover(const RecoveryPlan& plan, int size);
  /// Ends the dependents, takes back the limits of the host, takes in what clients of the user's
  /// have recorded, lists every record where the arm is complete, and ends the fleet.
  void end(const ArmEndEvent& end, const OperationsFolder* clients = nullptr);

  const Fleet& fleet() const { return fleet_; }

 private:
  Rest rest(bool settled);
  void note(std::string_view kind, const std::string& name);
  void remove(const std::string& name, int signal, std::string_view kind);

  Site& site_;
  Recorder& recorder_;
  Fleet fleet_;
  Canaries canaries_;
  std::optional<Dependents> dependents_;
  std::optional<HostLimits> host_limits_;
};

}  // namespace ceiling
