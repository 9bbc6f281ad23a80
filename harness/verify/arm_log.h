#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/observe/history.h"
#include "harness/predict/predict.h"

namespace ceiling {

/// What was seen between one step and the next. Everything points into the history.
struct StepLog {
  const StepEvent* step = nullptr;
  std::vector<const SampleEvent*> samples;    ///< written just before the step
  std::vector<const RefusalEvent*> refusals;  ///< reported while it was under way
  std::size_t samples_before_refusal = 0;
  std::vector<const AdmissionEvent*> admissions;  ///< likewise, as what follows
  std::size_t maps_before_admission = 0;          ///< events of maps before the first of them
  std::vector<const AlarmEvent*> alarms;
  std::vector<const FaultEvent*> faults;     ///< likewise
  std::vector<const RoutableEvent*> sweeps;  ///< after it

  /// The last sample of one limit in one scope, or nullptr.
  const SampleEvent* sample(std::string_view scope, std::string_view limit) const;
  /// The first one that was written after the first refusal; where there is none, the last one. In
  /// a shared scope main processes may still join after it.
  const SampleEvent* sample_at_refusal(std::string_view scope, std::string_view limit) const;
  /// The frontends that were refused first: all whose refusal is of the same version as the first
  /// one. Members come one by one, and each makes a version.
  std::vector<std::string> first_refused() const;
  /// Cache servers that were refused a place, each once.
  std::vector<std::string> refused_caches() const;
  /// What ended one frontend, or nullptr.
  const FaultEvent* fault_of(std::string_view frontend) const;
  /// Every frontend settled with a complete map.
  bool complete() const;
};

struct OpLog {
  const OpEvent* op = nullptr;
  bool in_service = false;  ///< a frontend had been in service before this event
  std::size_t maps = 0;     ///< events of maps before this one
  double t_s = 0;
  bool recovering = false;  ///< the recovery had begun before this event
};

struct HealthLog {
  double t_s = 0;
  const HealthEvent* health = nullptr;
};
struct DependentEndLog {
  double t_s = 0;
  const DependentEndEvent* end = nullptr;
};

struct RestartLog {
  double t_s = 0;
  const RestartEvent* restart = nullptr;
};
/// What an arm did after its growth. Of what follows its begin only operations, maps and the audit
/// stand elsewhere.
struct RecoveryLog {
  const RecoveryEvent* begin = nullptr;
  double began_s = 0;
  std::vector<RestartLog> restarts;
  std::vector<const RemovalEvent*> removals;
  const RoutableEvent* last_sweep = nullptr;  ///< after the first restart
  double swept_s = 0;
  const RecoveryEndEvent* end = nullptr;
  double ended_s = 0;

  bool seen() const { return begin || end || !restarts.empty(); }
};

/// One arm's events, sorted by kind and kept in their order. Valid as long as the history.
struct ArmLog {
  std::vector<CalibrationPoint> calibration;
  std::vector<const SampleEvent*> host;  ///< samples of the host before there was a frontend
  std::vector<StepLog> steps;
  std::vector<const MapEvent*> maps;
  std::vector<OpLog> ops;
  std::vector<HealthLog> health;
  std::vector<DependentEndLog> dependent_ends;
  /// When the first thread was refused, or else the first step with a failure was over: the outage
  /// of the dependents begins there.
  std::optional<double> first_refusal_s;
  std::vector<const ShardEvent*> shards;
  std::vector<const ClientEvent*> clients;
  RecoveryLog recovery;
  const AuditEvent* audit = nullptr;
  const ArmEndEvent* end = nullptr;
};

/// The arms of a history by name; events before the first arm stand under "". One pass.
std::map<std::string, ArmLog> sort_by_arm(const History& history);

/// "frontend-3": the group or uid of one frontend, as the samples name it.
bool is_frontend_scope(std::string_view scope);
/// "cache-1": likewise of a cache server.
bool is_cache_scope(std::string_view scope);
/// "/x": a group above those of the run.
bool is_ancestor_scope(std::string_view scope);

}  // namespace ceiling
