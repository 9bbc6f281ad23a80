#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/observe/history.h"
#include "harness/verify/verify.h"

namespace ceiling::test {

/// One arm as it goes when everything is as it should be. A frontend of a fleet of N is 5 + (N-1)
/// tasks; with pids.max 10 a fleet of 7 is the first that cannot build. It has mapped 1000 + 100 *
/// (N-1) bytes; RLIMIT_AS 1550 ends it at the same size. Of memory it keeps 50,000 bytes and as
/// many for each peer; memory.max 440,000 is estimated to end it at 7 to 10.
struct Course {
  std::string arm = "unguarded";
  int start = 4;
  int end = 12;
  std::optional<int> failing = 7;  ///< nothing: the fleet reaches its end
  std::int64_t limit = 10;
  LimitName name = LimitName::pids_max;
  LimitScope scope = LimitScope::frontend;
  bool staged = false;        ///< the failing step publishes nothing and goes on serving
  std::int64_t threads = 10;  ///< in the scope at the failing step
  /// The one frontend that has the limit and fails; the others are not limited. 0: all are.
  int drifted = 0;
  std::vector<Guardrail> guardrails = {};  ///< besides staged-build
  /// The size of the fleet that the refused addition would have made; `failing` is nothing then.
  std::optional<int> kept_out = {};
  std::optional<int> alarm = {};  ///< the size at which it is raised
};

Experiment experiment_of(const Course& course, Outcome expect);
/// The arm's events, from the calibration to its end, behind a run event.
History story(const Course& course);

/// Changes every event of one type.
template <typename What, typename Change>
void each(History& history, Change change) {
  for (Event& event : history)
    if (auto* what = std::get_if<What>(&event.what)) change(*what);
}

/// Takes out the events of one type that `doomed` names.
template <typename What, typename Doomed>
void remove(History& history, Doomed doomed) {
  std::erase_if(history, [&doomed](const Event& event) {
    const auto* what = std::get_if<What>(&event.what);
    return what && doomed(*what);
  });
}
template <typename What>
void remove(History& history) {
  remove<What>(history, [](const What&) { return true; });
}

/// Puts an event of the arm before its end.
template <typename What>
void add(History& history, What what) {
  history.insert(history.end() - 1, Event{history.back().t_s, history.back().arm, std::move(what)});
}

RunVerdict judge_run(const Course& course, Outcome expect, History history);
/// The verdict of its only arm.
ArmVerdict judge_arm(const Course& course, Outcome expect, History history);
ArmVerdict judge_arm(const Course& course, Outcome expect);

/// "confirmed outage", "refuted unknown: fleet size: ...; ...": verdict, outcome and reasons in a
/// line.
std::string summary(const ArmVerdict& arm);

const Invariant& invariant(const ArmVerdict& arm, const std::string& name);

/// The shard of four that a key belongs to.
int shard_of(const std::string& key);

}  // namespace ceiling::test
