#include <algorithm>
#include <array>

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

/// What takes the ceiling away, or moves it.
constexpr std::array kReshaping = {Guardrail::multiplex, Guardrail::cells, Guardrail::cache_fleet};

void against_reshaping(const ArmPlan& arm, std::vector<std::string>& found) {
  for (const Guardrail guardrail : kReshaping) {
    if (!arm.has(guardrail)) continue;
    const std::string name(to_string(guardrail));
    for (const LimitName limit : {LimitName::memory_max, LimitName::overcommit_memory}) {
      if (!arm.limits.sets(limit)) continue;
      found.push_back("found " + name + " with " + std::string(to_string(limit)) +
                      ", of which only an estimate by peer threads is known");
    }
  }
  if (arm.has(Guardrail::multiplex) && !arm.fleet.thread_budget)
    found.emplace_back(
        "found multiplex without fleet.thread_budget, expected how many threads a "
        "frontend has for its peers");
  if (!arm.has(Guardrail::cells)) return;
  if (!arm.fleet.cells) {
    found.emplace_back(
        "found cells without fleet.cells, expected into how many the fleet is parted");
  } else if (*arm.fleet.cells > arm.fleet.start) {
    found.push_back("found fleet.cells " + std::to_string(*arm.fleet.cells) +
                    ", expected at most fleet.start " + std::to_string(arm.fleet.start) +
                    ", so that no cell is empty");
  }
}

/// A fleet without peers leaves nothing to those that are about peers.
void against_cache_fleet(const ArmPlan& arm, std::vector<std::string>& found) {
  if (!arm.has(Guardrail::cache_fleet)) return;
  for (const Guardrail other :
       {Guardrail::multiplex, Guardrail::cells, Guardrail::authoritative_bootstrap,
        Guardrail::admission, Guardrail::alarm}) {
    if (!arm.has(other)) continue;
    found.push_back("found cache-fleet with " + std::string(to_string(other)) +
                    ", which is about peers, and a frontend has none; expected one of them");
  }
}

}  // namespace

const std::vector<LimitName>& limits_read_exactly() {
  static const std::vector<LimitName> limits = {LimitName::pids_max, LimitName::rlimit_nproc,
                                                LimitName::rlimit_as, LimitName::rlimit_nofile};
  return limits;
}

std::vector<std::string> pointless_guardrails(const ArmPlan& arm) {
  std::vector<std::string> found;
  for (const Guardrail guardrail : {Guardrail::admission, Guardrail::alarm}) {
    if (!arm.has(guardrail)) continue;
    if (std::string why = unreadable(arm, guardrail); !why.empty()) found.push_back(std::move(why));
  }
  const bool admission = arm.has(Guardrail::admission);
  const bool reshaped = std::any_of(kReshaping.begin(), kReshaping.end(),
                                    [&](Guardrail guardrail) { return arm.has(guardrail); });
  if (arm.expect == Outcome::prevented && !admission && !reshaped) {
    found.emplace_back(
        "found no admission, multiplex, cells or cache-fleet in an arm that expects prevented: "
        "nothing else keeps a fleet from its ceiling");
  }
  if (admission && arm.expect == Outcome::outage) {
    found.emplace_back(
        "found admission in an arm that expects outage, expected prevented, "
        "contained, not-reached or any");
  }
  against_reshaping(arm, found);
  against_cache_fleet(arm, found);
  return found;
}

}  // namespace ceiling
