#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/observe/history.h"
#include "harness/predict/predict.h"

namespace ceiling {

enum class Verdict { confirmed, refuted, unknown };
std::string_view to_string(Verdict verdict);

/// Which limit refused, and the evidence of two kinds for it: a counter that moved, a count that
/// equals the limit. `limit` empty: nothing stood at its limit, the refusal is unexplained.
struct Attribution {
  std::string limit;
  std::string where;
  std::map<std::string, std::string> evidence;  ///< JSON object; one entry a fact
  /// The arm's other limits of which it is shown that they did not refuse, with the evidence.
  std::map<std::string, std::string> ruled_out = {};
};

struct Observed {
  std::optional<int> fleet_size;        ///< first settled size at which a frontend failed
  std::optional<std::int64_t> threads;  ///< tasks in the limit's scope, counted from outside
  std::string limit;
  bool of_cache = false;  ///< the refusals were those of cache servers
  int error = 0;          ///< errno of the first refusal
  std::string
      member;  ///< the frontend that was refused first, where it was one alone; scope frontend
  int frontends_failed = 0;
  std::string failure;                           ///< "start", "build", "killed" or "exited"
  std::optional<AdmissionEvent> admission = {};  ///< the addition that was refused
  std::optional<AlarmEvent> alarm = {};          ///< the first one
  std::optional<int> alarm_step = {};            ///< the visited size on the way to which it came
};

struct Routable {
  std::optional<double> before;  ///< at the last complete step
  std::optional<double> lowest;  ///< from there on
  std::optional<double> after;   ///< at the last sweep
};

struct Invariant {
  std::string name;
  std::optional<bool> holds;  ///< nothing: could not be judged, `evidence` says why
  std::uint64_t checked = 0;
  std::string evidence;  ///< the first violation, or what was missing
  bool judged = true;    ///< false: reported only, does not move the verdict
};

/// Times are of the history. "Outage": the first refusal.
struct DependentVerdict {
  std::string name;
  std::string kind;
  std::optional<DependentOutcome> expect = {};
  std::optional<bool> healthy_before = {};    ///< the last that was seen before the outage
  std::optional<double> lost_at_s = {};       ///< first seen not to do its job
  std::optional<double> after_outage_s = {};  ///< the time from the outage to that; nothing: before
  std::string reason = {};                    ///< what it said, or its connection, at lost_at_s
  std::string ended = {};                     ///< how its process did, and what the kernel counted
  std::uint64_t buffered = 0;                 ///< when it was last seen
  std::uint64_t dropped = 0;
  std::optional<DependentOutcome> outcome = {};  ///< nothing: it was never seen
  /// Whether it does its job after the arm's recovery. Nothing: there was none, or it was not away,
  /// or was not seen after it.
  std::optional<bool> back = {};
  /// From the removal of capacity, with which the recovery begins, to when it did its job again and
  /// went on to. Nothing where it is not back, or was before.
  std::optional<double> back_after_s = {};
  std::string last_reason = {};  ///< what it said when it was last seen
};

/// What a client of the user's recorded of its operations.
struct ClientCount {
  std::string name;
  std::uint64_t puts_acknowledged = 0;
  std::uint64_t puts_failed = 0;
  std::uint64_t puts_unknown = 0;  ///< ended so, or without an end
  std::uint64_t records_read = 0;
};

/// The restarts of a fleet after its outage. Times run from the first restart.
struct RecoveryVerdict {
  RecoveryPlan plan;
  int fleet_size = 0;  ///< frontends that were restarted
  bool completed = false;
  std::optional<double> routable_after_s = {};  ///< every shard through every frontend
  std::uint64_t requests = 0;                   ///< canary operations begun meanwhile
  std::uint64_t failed_requests = 0;            ///< of them: failed, unknown, or never ended
  int restarts = 0;
  int wasted_restarts = 0;  ///< removals by the health check: who is removed is started once more

  bool safe() const { return completed && wasted_restarts == 0; }
};

struct ArmVerdict {
  ArmPlan arm;
  Verdict verdict = Verdict::unknown;
  Outcome outcome = Outcome::unknown;
  std::optional<CostModel> cost_model;
  Prediction predicted;
  Observed observed;
  Attribution attribution;
  Routable routable;
  std::vector<Invariant> invariants;
  std::vector<DependentVerdict> dependents;
  std::vector<ClientCount> clients;
  std::optional<RecoveryVerdict> recovery = {};  ///< nothing: the arm has none, or it was not seen
  std::vector<std::string> reasons;              ///< why it is not confirmed, a line each
};

struct RunVerdict {
  std::string experiment;
  Verdict verdict = Verdict::unknown;  ///< refuted if an arm is, else unknown if an arm is
  double elapsed_s = 0;
  std::vector<ArmVerdict> arms;
  std::vector<std::string> damage;  ///< unreadable lines of the history
};

/// Judges a history against what the experiment predicts, from these two values alone: the cost
/// model is fitted from the history's calibration, the prediction is made from it again.
RunVerdict judge(const Experiment& experiment, const ParsedHistory& history);

/// What is left to say of a history whose experiment is missing: its arms, each unknown.
RunVerdict unjudged(const ParsedHistory& history);

}  // namespace ceiling
