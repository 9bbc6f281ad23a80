#include "harness/fleet/arm_run.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "cgroups/error.h"
#include "harness/fleet/recovery.h"

namespace ceiling {
namespace {

int canary_rate(const Experiment& experiment) {
  int rate = 0;
  for (const ClientPlan& client : experiment.clients) {
    if (!client.is_dependent()) rate += client.rate_per_s;
  }
  return rate;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Those that are gone first, then the highest numbers.
std::vector<std::string> dispensable(const Fleet& fleet, int count) {
  std::vector<FrontendState> frontends = fleet.frontends();
  std::reverse(frontends.begin(), frontends.end());
  std::stable_partition(frontends.begin(), frontends.end(),
                        [](const FrontendState& one) { return one.gone; });
  std::vector<std::string> names;
  for (const FrontendState& one : frontends) {
    if (static_cast<int>(names.size()) < count) names.push_back(one.name);
  }
  return names;
}

}  // namespace

FleetSpec spec_of(const Experiment& experiment, const ArmPlan& arm, std::string label) {
  return {.label = std::move(label),
          .start = arm.fleet.start,
          .threads_per_peer = arm.fleet.threads_per_peer,
          .backends = experiment.backends,
          .streams = experiment.streams,
          .guardrails = arm.guardrails,
          .alarm_percent = arm.fleet.alarm_percent,
          .thread_budget = arm.has(Guardrail::multiplex) ? arm.fleet.thread_budget : std::nullopt,
          .cells = arm.has(Guardrail::cells) ? arm.fleet.cells : std::nullopt,
          .cache_servers = arm.cache_servers(),
          .limits = arm.limits,
          .lock_memory = arm.limits.sets(LimitName::rlimit_memlock),
          .health_timeout_ms = arm.recovery ? arm.recovery->health_timeout_ms : 0};
}

bool grow(Fleet& fleet, int size) {
  if (fleet.size() == 0) {
    while (fleet.size() < size) fleet.add_frontend();
    return fleet.settle();
  }
  bool failed = false;
  while (fleet.size() < size) {
    fleet.add_frontend();
    if (!fleet.settle()) return false;
    if (!fleet.kept_out().empty()) return true;
    // In a scope that is shared, main processes go on joining after the first refusal: what stood
    // there then is sampled at once.
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

ArmRun::ArmRun(Site& site, const Experiment& experiment, const ArmPlan& arm, int port)
    : site_(site),
      recorder_(site.recorder()),
      fleet_(
          site,
          [&] {
            FleetSpec spec = spec_of(experiment, arm, "arm-" + arm.name);
            spec.port = port;
            return spec;
          }(),
          &recorder_),
      canaries_(site, fleet_, canary_rate(experiment)) {
  record_host(site, arm.limits);
  host_limits_.emplace(arm.limits, site.host_settings());
}

Rest ArmRun::grow_to(int size) {
  const bool settled = grow(fleet_, size);
  const std::vector<std::string> kept_out = fleet_.kept_out();
  for (const std::string& name : kept_out) remove(name, SIGTERM, FaultEvent::kShrunk);
  Rest found = rest(settled);
  found.kept_out = kept_out;
  return found;
}

Rest ArmRun::shrink_to(int size) {
  const std::vector<std::string> doomed = dispensable(fleet_, fleet_.size() - size);
  std::vector<wire::Member> staying = fleet_.in_service();
  std::erase_if(staying,
                [&](const wire::Member& member) { return contains(doomed, member.name()); });
  canaries_.use(staying);
  canaries_.sweep(size);  // what was under way through the others is over by then
  for (const std::string& name : doomed) remove(name, SIGTERM, FaultEvent::kShrunk);
  return settle();
}

Rest ArmRun::kill(const std::string& name) {
  if (contains(fleet_.services().servers(), name)) {
    note(FaultEvent::kKilled, name);
    fleet_.services().kill_server(name);
  } else {
    remove(name, SIGKILL, FaultEvent::kKilled);
  }
  return settle();
}

Rest ArmRun::restart(const std::string& name) {
  if (contains(fleet_.services().servers(), name)) {
    note(FaultEvent::kRestarted, name);
    fleet_.services().restart_server(name);
    return settle();
  }
  for (const FrontendState& one : fleet_.frontends()) {
    if (one.name == name) fleet_.remove_frontend(name, SIGKILL);
  }
  note(FaultEvent::kRestarted, name);
  fleet_.add_frontend(member_number(name).value());
  return settle();
}

void ArmRun::note(std::string_view kind, const std::string& name) {
  recorder_.record(FaultEvent{.kind = std::string(kind), .target = name, .detail = ""});
}

void ArmRun::remove(const std::string& name, int signal, std::string_view kind) {
  note(kind, name);
  fleet_.remove_frontend(name, signal);
}

Rest ArmRun::settle() {
  return rest(fleet_.settle());
}

Rest ArmRun::rest(bool settled) {
  fleet_.sample();
  Rest rest{.step = {.fleet_size = fleet_.size(),
                     .settled = settled,
                     .in_service = static_cast<int>(fleet_.in_service().size()),
                     .failed = fleet_.failed(),
                     .alarms = fleet_.alarms()},
            .routable = std::nullopt};
  recorder_.record(rest.step);
  if (settled) {
    canaries_.use(fleet_.in_service());
    rest.routable = canaries_.sweep(fleet_.size());
  }
  return rest;
}

void ArmRun::start_dependents(const std::vector<ClientPlan>& clients) {
  if (dependents_of(clients).empty()) return;
  dependents_.emplace(site_, fleet_);
  dependents_->start(clients);
}

void ArmRun::hold(const ExpectedDependents& expected, std::chrono::seconds patience) {
  if (dependents_) {
    dependents_->await(expected, patience);
  } else {
    site_.loop().run_until([] { return false; }, patience);
  }
}

bool ArmRun::recover(const RecoveryPlan& plan, int size) {
  const int removed_before = fleet_.removals();
  recorder_.record(RecoveryEvent{.strategy = std::string(to_string(plan.strategy)),
                                 .rate = plan.rate,
                                 .fleet_size = fleet_.size()});
  shrink_to(size);
  Recovery recovery(site_, fleet_, canaries_, plan);
  const bool completed = recovery.run();
  recorder_.record(RecoveryEndEvent{.completed = completed,
                                    .restarts = recovery.restarts(),
                                    .removals = fleet_.removals() - removed_before});
  if (dependents_) dependents_->await_back(plan.expect_back, std::chrono::seconds(plan.limit_s));
  return completed;
}

void ArmRun::end(const ArmEndEvent& end, const OperationsFolder* clients) {
  if (dependents_) dependents_->end();
  host_limits_->restore();  // the audit needs memory of its own
  // Before the audit: what has been acknowledged by then is listed by it.
  if (clients != nullptr) clients->take_into(recorder_);
  if (end.completed) canaries_.audit();
  recorder_.record(end);
  fleet_.destroy();
}

}  // namespace ceiling
