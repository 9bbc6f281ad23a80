#include <algorithm>

#include "harness/experiment/experiment.h"
#include "harness/experiment/schema.h"

namespace ceiling {
namespace {

std::string readable_limits() {
  std::vector<std::string_view> names;
  for (const LimitName name : limits_read_exactly()) names.push_back(to_string(name));
  return joined(names);
}

/// What a guardrail that reads the room has no answer to; empty where it has one.
std::string unreadable(const ArmPlan& arm, Guardrail guardrail) {
  const std::string found = "found " + std::string(to_string(guardrail));
  const std::vector<LimitName>& known = limits_read_exactly();
  bool any = false;
  for (const LimitName name : all_limits()) {
    if (!arm.limits.sets(name)) continue;
    any = true;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return found + " with " + std::string(to_string(name)) +
           ", which a frontend cannot read to the last thread; expected one of: " +
           readable_limits();
  }
  return any ? "" : found + " in an arm without a limit, expected one of: " + readable_limits();
}

}  // namespace

const std::vector<LimitName>& limits_read_exactly() {
  static const std::vector<LimitName> limits = {LimitName::pids_max, LimitName::rlimit_nproc,
                                                LimitName::rlimit_as};
  return limits;
}

std::vector<std::string> pointless_guardrails(const ArmPlan& arm) {
  std::vector<std::string> found;
  for (const Guardrail guardrail : {Guardrail::admission, Guardrail::alarm}) {
    if (!arm.has(guardrail)) continue;
    if (std::string why = unreadable(arm, guardrail); !why.empty()) found.push_back(std::move(why));
  }
  const bool admission = arm.has(Guardrail::admission);
  if (arm.expect == Outcome::prevented && !admission) {
    found.emplace_back(
        "found no admission in an arm that expects prevented: nothing else keeps a "
        "fleet below its ceiling");
  }
  if (admission && arm.expect == Outcome::outage) {
    found.emplace_back(
        "found admission in an arm that expects outage, expected prevented, "
        "contained, not-reached or any");
  }
  return found;
}

}  // namespace ceiling
