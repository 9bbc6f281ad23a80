#include "harness/verify/invariants.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "harness/verify/check.h"
#include "harness/verify/record_invariants.h"

namespace ceiling {
namespace {

Invariant no_wrong_map(const ArmLog& log) {
  Check check("no-wrong-map");
  std::unordered_map<std::uint64_t, const MapEvent*> of_version;
  for (const MapEvent* map : log.maps) {
    if (!map->published) continue;
    check.count();
    if (!map->complete || !map->tiling) {
      check.violated(
          fmt::format("{} published version {}, which {}", map->frontend, map->version,
                      map->complete ? "does not tile the hash space" : "is not complete"));
      continue;
    }
    const MapEvent* first = of_version.emplace(map->version, map).first->second;
    if (first->digest != map->digest)
      check.violated(fmt::format("version {} is {} at {} and {} at {}", map->version, first->digest,
                                 first->frontend, map->digest, map->frontend));
  }
  if (check.vacuous()) return check.cannot_judge("no frontend published a map");
  return check.result();
}

Invariant versions_rise(const ArmLog& log) {
  Check check("versions-rise");
  std::unordered_map<std::string, std::uint64_t> latest;
  for (const MapEvent* map : log.maps) {
    if (!map->published) continue;
    check.count();
    std::uint64_t& before = latest[map->frontend];
    if (map->version < before)
      check.violated(
          fmt::format("{} published version {} after {}", map->frontend, map->version, before));
    before = map->version;
  }
  if (check.vacuous()) return check.cannot_judge("no frontend published a map");
  return check.result();
}

}  // namespace

std::vector<Invariant> check_invariants(const Experiment& experiment, const ArmPlan& arm,
                                        const ArmLog& log) {
  Invariant maps = no_wrong_map(log);
  // Unguarded construction serves from what it is filling: there a wrong map is the finding.
  // A map that is not published whole is refilled in place, also where there is room for all.
  maps.judged = arm.expect == Outcome::contained ||
                (arm.expect == Outcome::prevented && arm.publishes_whole());
  std::vector<Invariant> all = {maps, versions_rise(log)};
  for (Invariant& one : check_records(experiment, log)) all.push_back(std::move(one));
  return all;
}

}  // namespace ceiling
