#include "harness/verify/arm_log.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace ceiling {
namespace {

/// Sorts one arm's events as they come.
class Sorter {
 public:
  void at(double t_s) { t_s_ = t_s; }

  void operator()(const RunEvent&) {}
  void operator()(const CalibrationEvent& e) {
    log_.calibration.push_back({e.fleet_size, e.tasks, e.resources, e.caches});
  }
  void operator()(const StepEvent& e) {
    if (recovering()) return;
    if (!e.failed.empty()) refused();
    under_way_.step = &e;
    log_.steps.push_back(std::exchange(under_way_, {}));
  }
  void operator()(const OpEvent& e) {
    log_.ops.push_back({&e, in_service_, log_.maps.size(), t_s_, recovering()});
  }
  void operator()(const MapEvent& e) {
    in_service_ = in_service_ || (e.complete && e.published);
    log_.maps.push_back(&e);
  }
  void operator()(const RefusalEvent& e) {
    if (recovering()) return;
    if (under_way_.refusals.empty()) under_way_.samples_before_refusal = under_way_.samples.size();
    under_way_.refusals.push_back(&e);
    refused();
  }
  void operator()(const AdmissionEvent& e) {
    if (under_way_.admissions.empty()) under_way_.maps_before_admission = log_.maps.size();
    under_way_.admissions.push_back(&e);
  }
  void operator()(const AlarmEvent& e) { under_way_.alarms.push_back(&e); }
  void operator()(const SampleEvent& e) {
    under_way_.samples.push_back(&e);
    frontends_ = frontends_ || e.scope != to_string(LimitScope::host);
    if (!frontends_) log_.host.push_back(&e);
  }
  void operator()(const FaultEvent& e) { under_way_.faults.push_back(&e); }
  void operator()(const HealthEvent& e) { log_.health.push_back({t_s_, &e}); }
  void operator()(const DependentEndEvent& e) { log_.dependent_ends.push_back({t_s_, &e}); }
  void operator()(const RoutableEvent& e) {
    if (recovering()) return swept(e);
    if (!log_.steps.empty()) log_.steps.back().sweeps.push_back(&e);
  }
  void operator()(const ShardEvent& e) { log_.shards.push_back(&e); }
  void operator()(const ClientEvent& e) { log_.clients.push_back(&e); }
  void operator()(const RecoveryEvent& e) {
    log_.recovery.begin = &e;
    log_.recovery.began_s = t_s_;
  }
  void operator()(const RestartEvent& e) { log_.recovery.restarts.push_back({t_s_, &e}); }
  void operator()(const RemovalEvent& e) {
    const bool meanwhile = recovering() && !log_.recovery.end;  // not in the audit
    if (meanwhile) log_.recovery.removals.push_back(&e);
  }
  void operator()(const RecoveryEndEvent& e) {
    log_.recovery.end = &e;
    log_.recovery.ended_s = t_s_;
  }
  void operator()(const AuditEvent& e) { log_.audit = &e; }
  void operator()(const ArmEndEvent& e) { log_.end = &e; }
  // Of a search's history.
  void operator()(const TrialEvent&) {}
  void operator()(const ReadyEvent&) {}
  void operator()(const ProbeEvent&) {}
  void operator()(const OutcomeEvent&) {}

  ArmLog take() { return std::move(log_); }

 private:
  /// Also where the line that it began is lost.
  bool recovering() const { return log_.recovery.seen(); }
  void swept(const RoutableEvent& e) {
    if (log_.recovery.restarts.empty()) return;
    log_.recovery.last_sweep = &e;
    log_.recovery.swept_s = t_s_;
  }
  void refused() {
    if (!log_.first_refusal_s) log_.first_refusal_s = t_s_;
  }

  ArmLog log_;
  StepLog under_way_;
  double t_s_ = 0;
  bool in_service_ = false;
  bool frontends_ = false;  // the samples of a step begin with theirs
};

}  // namespace

const SampleEvent* StepLog::sample(std::string_view scope, std::string_view limit) const {
  const SampleEvent* last = nullptr;
  for (const SampleEvent* sample : samples)
    if (sample->scope == scope && sample->limit == limit) last = sample;
  return last;
}

const SampleEvent* StepLog::sample_at_refusal(std::string_view scope,
                                              std::string_view limit) const {
  for (std::size_t i = samples_before_refusal; i < samples.size(); ++i)
    if (samples[i]->scope == scope && samples[i]->limit == limit) return samples[i];
  return sample(scope, limit);
}

std::vector<std::string> StepLog::first_refused() const {
  std::vector<std::string> names;
  for (const RefusalEvent* refusal : refusals) {
    if (refusal->version == refusals.front()->version && refusal->phase == refusals.front()->phase)
      names.push_back(refusal->frontend);
  }
  return names;
}

std::vector<std::string> StepLog::refused_caches() const {
  std::vector<std::string> names;
  for (const RefusalEvent* refusal : refusals) {
    const bool known = std::find(names.begin(), names.end(), refusal->server) != names.end();
    if (!refusal->server.empty() && !known) names.push_back(refusal->server);
  }
  return names;
}

const FaultEvent* StepLog::fault_of(std::string_view frontend) const {
  const auto found = std::find_if(faults.begin(), faults.end(), [&](const FaultEvent* fault) {
    return fault->target == frontend;
  });
  return found == faults.end() ? nullptr : *found;
}

bool StepLog::complete() const {
  return step->settled && step->failed.empty() && step->in_service == step->fleet_size;
}

std::map<std::string, ArmLog> sort_by_arm(const History& history) {
  std::unordered_map<std::string, Sorter> sorters;
  for (const Event& event : history) {
    Sorter& sorter = sorters[event.arm];
    sorter.at(event.t_s);
    std::visit(sorter, event.what);
  }
  std::map<std::string, ArmLog> arms;
  for (auto& [name, sorter] : sorters) arms.emplace(name, sorter.take());
  return arms;
}

bool is_frontend_scope(std::string_view scope) {
  return scope.starts_with("frontend-");
}

bool is_cache_scope(std::string_view scope) {
  return scope.starts_with("cache-");
}

bool is_ancestor_scope(std::string_view scope) {
  return scope.starts_with('/');
}

}  // namespace ceiling
