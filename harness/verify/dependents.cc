#include "harness/verify/dependents.h"

#include <fmt/format.h>

#include <algorithm>

namespace ceiling {
namespace {

/// Of one dependent, in the order of the history.
class Reader {
 public:
  explicit Reader(const std::optional<double>& outage_s) : outage_s_(outage_s) {}

  void read(const HealthLog& log, DependentVerdict& into) {
    const HealthEvent& health = *log.health;
    if (health.ok && !well_since_s_) well_since_s_ = log.t_s;
    if (!health.ok) well_since_s_.reset();
    last_s_ = log.t_s;
    into.last_reason = health.reason;
    into.outcome = DependentOutcome::unaffected;
    const bool before = !outage_s_ || log.t_s <= *outage_s_;
    if (before) into.healthy_before = health.ok;
    into.buffered = health.buffered;
    into.dropped = health.dropped;
    seen_.dropped = seen_.dropped || health.dropped > 0;
    if (health.ok) return;
    if (!seen_.lost) into.reason = health.reason;
    lost(log.t_s, into);
  }

  void read(const DependentEndLog& log, DependentVerdict& into) {
    const DependentEndEvent& end = *log.end;
    seen_.ended = true;
    // A SIGKILL may be anybody's; with a count of the kernel's beside it, it is the OOM killer's.
    seen_.oom_killed = end.detail == "signal 9" && end.oom_kills.value_or(0) > 0;
    into.ended = end.detail;
    if (end.oom_kills) into.ended += fmt::format(", oom_kill {} by {}", *end.oom_kills, end.where);
    lost(log.t_s, into);
  }

  DependentOutcome outcome() const { return seen_.outcome(); }

  void look_back(const RecoveryLog& recovery, DependentVerdict& into) const {
    if (!recovery.begin || !recovery.end || !seen_.lost) return;
    if (seen_.ended) {
      into.back = false;
    } else if (last_s_ >= recovery.ended_s) {
      into.back = well_since_s_.has_value();
      if (well_since_s_ >= recovery.began_s) into.back_after_s = *well_since_s_ - recovery.began_s;
    }
  }

 private:
  void lost(double t_s, DependentVerdict& into) {
    seen_.lost = true;
    if (into.lost_at_s) return;
    into.lost_at_s = t_s;
    if (outage_s_ && t_s >= *outage_s_) into.after_outage_s = t_s - *outage_s_;
  }

  const std::optional<double>& outage_s_;
  DependentSeen seen_;
  double last_s_ = 0;
  std::optional<double> well_since_s_;
};

std::string not_back_because(const DependentVerdict& one) {
  return one.ended.empty() ? "it is not: " + one.last_reason : "it ended by " + one.ended;
}

using Lines = std::vector<std::string>;

void hold_against_recovery(const RecoveryPlan& plan, const DependentVerdict& one, Doubts& found) {
  if (std::ranges::find(plan.expect_back, one.kind) == plan.expect_back.end() || one.back == true)
    return;
  Lines& lines = one.back ? found.contrary : found.inconclusive;
  lines.push_back(fmt::format("dependent {}: expected to be back after the recovery, {}", one.name,
                              one.back        ? not_back_because(one)
                              : one.lost_at_s ? "it was not seen then"
                                              : "it was never away"));
}

void hold_against_outage(const DependentVerdict& one, Doubts& found) {
  if (!one.expect) return;
  if (!one.outcome) {
    found.inconclusive.push_back(fmt::format("dependent {}: it was never seen", one.name));
  } else if (one.healthy_before == false) {
    found.inconclusive.push_back(
        fmt::format("dependent {}: it was not healthy before the outage", one.name));
  } else if (*one.outcome != *one.expect) {
    found.contrary.push_back(fmt::format("dependent {}: expected {}, it was {}", one.name,
                                         to_string(*one.expect), to_string(*one.outcome)));
  }
}

}  // namespace

std::vector<DependentVerdict> judge_dependents(const Experiment& experiment, const ArmPlan& arm,
                                               const ArmLog& log) {
  std::vector<DependentVerdict> verdicts;
  for (const ClientPlan& plan : dependents_of(experiment.clients)) {
    DependentVerdict verdict{.name = plan.kind, .kind = plan.kind};
    const auto expected = arm.dependents.find(plan.kind);
    if (expected != arm.dependents.end()) verdict.expect = expected->second;
    Reader reader(log.first_refusal_s);
    for (const HealthLog& health : log.health) {
      if (health.health->dependent == plan.kind) reader.read(health, verdict);
    }
    for (const DependentEndLog& end : log.dependent_ends) {
      if (end.end->dependent == plan.kind) reader.read(end, verdict);
    }
    if (verdict.outcome) verdict.outcome = reader.outcome();
    reader.look_back(log.recovery, verdict);
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

Doubts hold_against(const ArmPlan& arm, const ArmLog& log,
                    const std::vector<DependentVerdict>& dependents) {
  Doubts found;
  for (const DependentVerdict& one : dependents) {
    hold_against_outage(one, found);
    if (arm.recovery) hold_against_recovery(*arm.recovery, one, found);
  }
  if (log.end && log.end->completed) return found;
  // What is not there yet, or not back, may have been on its way.
  found.inconclusive.insert(found.inconclusive.begin(), found.contrary.begin(),
                            found.contrary.end());
  found.contrary.clear();
  return found;
}

}  // namespace ceiling
