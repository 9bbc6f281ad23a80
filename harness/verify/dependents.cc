#include "harness/verify/dependents.h"

#include <fmt/format.h>

namespace ceiling {
namespace {

/// Of one dependent, in the order of the history.
class Reader {
 public:
  explicit Reader(const std::optional<double>& outage_s) : outage_s_(outage_s) {}

  void read(const HealthLog& log, DependentVerdict& into) {
    const HealthEvent& health = *log.health;
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

 private:
  void lost(double t_s, DependentVerdict& into) {
    seen_.lost = true;
    if (into.lost_at_s) return;
    into.lost_at_s = t_s;
    if (outage_s_ && t_s >= *outage_s_) into.after_outage_s = t_s - *outage_s_;
  }

  const std::optional<double>& outage_s_;
  DependentSeen seen_;
};

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
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

Doubts hold_against(const std::vector<DependentVerdict>& dependents) {
  Doubts found;
  for (const DependentVerdict& one : dependents) {
    if (!one.expect) continue;
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
  return found;
}

}  // namespace ceiling
