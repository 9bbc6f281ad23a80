#include "harness/verify/invariants.h"

#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>

#include "workload/protocol/hash_key.h"

namespace ceiling {
namespace {

/// An invariant while it is checked: it holds until something violates it.
class Check {
 public:
  explicit Check(std::string name) {
    invariant_.name = std::move(name);
    invariant_.holds = true;
  }

  void count() { ++invariant_.checked; }
  bool vacuous() const { return invariant_.checked == 0; }
  /// The first violation is the evidence.
  void violated(const std::string& evidence) {
    if (invariant_.holds == false) return;
    invariant_.holds = false;
    invariant_.evidence = evidence;
  }
  Invariant result() const { return invariant_; }
  Invariant cannot_judge(const std::string& why) const {
    Invariant open = invariant_;
    open.holds.reset();
    open.evidence = why;
    return open;
  }

 private:
  Invariant invariant_;
};

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

/// A record by stream, shard, sequence and key.
std::string record_id(const OpEvent& op) {
  return fmt::format("{}\n{}\n{}\n{}", op.stream, op.shard, op.sequence, op.key);
}

std::string describe(const OpEvent& op) {
  return fmt::format("{} {} of key \"{}\" (stream {}, shard {}, sequence {})", op.kind, op.id,
                     op.key, op.stream, op.shard, op.sequence);
}

Invariant no_lost_records(const Experiment& experiment, const ArmLog& log) {
  Check check("no-lost-records");
  std::unordered_set<std::string> kept;
  std::uint64_t listed = 0;
  for (const OpLog& entry : log.ops) {
    if (entry.op->kind != "audit" || entry.op->phase != OpPhase::ok) continue;
    ++listed;
    kept.insert(record_id(*entry.op));
  }
  for (const OpLog& entry : log.ops) {
    if (entry.op->kind != "put" || entry.op->phase != OpPhase::ok) continue;
    check.count();
    if (!kept.contains(record_id(*entry.op)))
      check.violated(describe(*entry.op) + " was acknowledged and is not there");
  }
  if (!log.audit || !log.audit->complete)
    return check.cannot_judge("the backends' records were not listed to the end");
  if (log.audit->records != listed)
    return check.cannot_judge(fmt::format("the audit counted {} records, the history lists {}",
                                          log.audit->records, listed));
  if (check.vacuous() && has_canary(experiment.clients))
    return check.cannot_judge("no put was acknowledged");
  return check.result();
}

Invariant right_shard(const Experiment& experiment, const ArmLog& log) {
  Check check("right-shard");
  std::unordered_map<std::string, int> shards;
  for (const StreamPlan& stream : experiment.streams) shards[stream.name] = stream.shards;
  for (const OpLog& entry : log.ops) {
    const OpEvent& op = *entry.op;
    if (op.phase != OpPhase::ok || op.key.empty()) continue;
    check.count();
    const auto stream = shards.find(op.stream);
    if (stream == shards.end()) {
      check.violated(describe(op) + ": the experiment has no such stream");
    } else if (op.shard < 0 || op.shard >= stream->second) {
      check.violated(fmt::format("{}: the stream has {} shards", describe(op), stream->second));
    } else if (!shard_range(op.shard, stream->second).contains(hash_key(op.key))) {
      check.violated(describe(op) + ": the key belongs to another shard");
    }
  }
  if (check.vacuous() && has_canary(experiment.clients))
    return check.cannot_judge("no operation succeeded");
  return check.result();
}

}  // namespace

std::vector<Invariant> check_invariants(const Experiment& experiment, const ArmPlan& arm,
                                        const ArmLog& log) {
  Invariant maps = no_wrong_map(log);
  // Unguarded construction serves from what it is filling: there a wrong map is the finding.
  // Without staged-build every version is refilled in place, also where there is room for all.
  const bool staged = arm.has(Guardrail::staged_build);
  maps.judged = arm.expect == Outcome::contained || (arm.expect == Outcome::prevented && staged);
  return {maps, versions_rise(log), no_lost_records(experiment, log), right_shard(experiment, log)};
}

}  // namespace ceiling
