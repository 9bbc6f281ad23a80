#include "harness/verify/record_invariants.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "harness/verify/check.h"
#include "harness/verify/clients.h"
#include "harness/verify/shard_ranges.h"

namespace ceiling {
namespace {

// Of a backend (workload/backend); older records go.
constexpr double kRetentionS = 24.0 * 60 * 60;

std::string shard_id(const OpEvent& op) {
  return fmt::format("{}\n{}", op.stream, op.shard);
}
std::string place_id(const OpEvent& op) {
  return fmt::format("{}\n{}\n{}", op.stream, op.shard, op.sequence);
}
std::string record_id(const OpEvent& op) {
  return fmt::format("{}\n{}", place_id(op), op.key);
}
/// Ids are unique in their client.
std::string operation_id(const OpEvent& op) {
  return fmt::format("{}\n{}", op.client, op.id);
}

std::string describe(const OpEvent& op) {
  return fmt::format("{} {}{} of key \"{}\" (stream {}, shard {}, sequence {})", op.kind, op.id,
                     op.client.empty() ? "" : " of " + op.client, op.key, op.stream, op.shard,
                     op.sequence);
}

/// Streams that a client removed, or may have.
std::unordered_set<std::string> removed_streams(const ArmLog& log) {
  std::unordered_set<std::string> failed;
  for (const OpLog& entry : log.ops)
    if (entry.op->kind == "delete" && entry.op->phase == OpPhase::fail)
      failed.insert(operation_id(*entry.op));
  std::unordered_set<std::string> removed;
  for (const OpLog& entry : log.ops)
    if (entry.op->kind == "delete" && !failed.contains(operation_id(*entry.op)))
      removed.insert(entry.op->stream);
  return removed;
}

/// The operations that are judged.
std::vector<OpLog> judged(const ArmLog& log) {
  const auto removed = removed_streams(log);
  std::vector<OpLog> ops;
  for (const OpLog& entry : log.ops)
    if (entry.op->kind != "delete" && !removed.contains(entry.op->stream)) ops.push_back(entry);
  return ops;
}

bool succeeded(const OpEvent& op, std::string_view kind) {
  return op.phase == OpPhase::ok && op.kind == kind;
}

Invariant no_lost_records(const Experiment& experiment, const ArmLog& log,
                          const std::vector<OpLog>& ops) {
  Check check("no-lost-records");
  std::unordered_set<std::string> kept;
  std::uint64_t listed = 0;
  double audited_s = 0;
  for (const OpLog& entry : log.ops) {
    if (!succeeded(*entry.op, "audit")) continue;
    ++listed;
    audited_s = entry.t_s;
    kept.insert(record_id(*entry.op));
  }
  for (const OpLog& entry : ops) {
    if (!succeeded(*entry.op, "put") || audited_s - entry.t_s >= kRetentionS) continue;
    check.count();
    if (!kept.contains(record_id(*entry.op)))
      check.violated(describe(*entry.op) + " was acknowledged and is not there");
  }
  if (!log.audit || !log.audit->complete)
    return check.cannot_judge("the backends' records were not listed to the end");
  if (log.audit->records != listed)
    return check.cannot_judge(fmt::format("the audit counted {} records, the history lists {}",
                                          log.audit->records, listed));
  if (check.vacuous() && !experiment.clients.empty())
    return check.cannot_judge("no put was acknowledged");
  return check.result();
}

Invariant right_shard(const Experiment& experiment, const ArmLog& log,
                      const std::vector<OpLog>& ops) {
  Check check("right-shard");
  const ShardRanges ranges(experiment, log);
  std::unordered_set<std::string> explicit_places;
  for (const OpLog& entry : ops)
    if (!entry.op->hash_key.empty()) explicit_places.insert(place_id(*entry.op));
  for (const OpLog& entry : ops) {
    const OpEvent& op = *entry.op;
    if (op.phase != OpPhase::ok || op.key.empty()) continue;
    // What is read has lost its explicit hash key; who put it there may have recorded nothing.
    if (op.kind != "put" && (ranges.made(op.stream) || explicit_places.contains(place_id(op))))
      continue;
    check.count();
    const std::string wrong = ranges.misplaced(op);
    if (!wrong.empty()) check.violated(describe(op) + ": " + wrong);
  }
  if (const std::string gap = ranges.missing(); !gap.empty()) return check.cannot_judge(gap);
  if (const std::string wrong = ranges.problem(); !wrong.empty()) check.violated(wrong);
  if (check.vacuous() && !experiment.clients.empty())
    return check.cannot_judge("no operation succeeded");
  return check.result();
}

/// Whatever was stored or read at one place of a shard is one record, and was stored once.
void check_places(Check& check, const std::vector<OpLog>& ops) {
  struct Place {
    const OpEvent* first = nullptr;
    const OpEvent* put = nullptr;
  };
  std::unordered_map<std::string, Place> places;
  for (const OpLog& entry : ops) {
    const OpEvent& op = *entry.op;
    if (op.phase != OpPhase::ok) continue;
    Place& place = places[place_id(op)];
    if (!place.first) place.first = &op;
    const OpEvent* other = place.first->key != op.key ? place.first : nullptr;
    if (op.kind == "put") {
      if (place.put) other = place.put;
      place.put = &op;
    }
    if (other)
      check.violated(fmt::format("{} has the place of {}", describe(op), describe(*other)));
  }
}

/// Of two puts of one client into one shard, where one began after the other was acknowledged, it
/// has the higher sequence number.
void check_puts(Check& check, const std::vector<OpLog>& ops) {
  struct Acknowledged {
    std::size_t at = 0;                // index of the event
    const OpEvent* highest = nullptr;  // of all up to this one
  };
  std::unordered_map<std::string, std::size_t> begun;
  std::unordered_map<std::string, std::vector<Acknowledged>> of_shard;
  for (std::size_t at = 0; at < ops.size(); ++at) {
    const OpEvent& op = *ops[at].op;
    if (op.kind != "put") continue;
    if (op.phase == OpPhase::invoke) begun[operation_id(op)] = at;
    const auto began = begun.find(operation_id(op));
    if (op.phase != OpPhase::ok) continue;
    check.count();
    std::vector<Acknowledged>& earlier = of_shard[op.client + "\n" + shard_id(op)];
    const auto later = std::partition_point(
        earlier.begin(), earlier.end(),
        [&](const Acknowledged& one) { return began != begun.end() && one.at < began->second; });
    if (later != earlier.begin() && std::prev(later)->highest->sequence >= op.sequence)
      check.violated(fmt::format("{} began after {} was acknowledged", describe(op),
                                 describe(*std::prev(later)->highest)));
    const bool higher = earlier.empty() || op.sequence > earlier.back().highest->sequence;
    earlier.push_back({at, higher ? &op : earlier.back().highest});
  }
}

/// The records that each get was given, in their order.
using Readings = std::map<std::string, std::vector<const OpEvent*>>;

Readings readings(const std::vector<OpLog>& ops) {
  Readings all;
  for (const OpLog& entry : ops)
    if (succeeded(*entry.op, "get")) all[operation_id(*entry.op)].push_back(entry.op);
  return all;
}

void check_readings(Check& check, const Readings& readings) {
  for (const auto& [id, given] : readings) {
    for (std::size_t i = 0; i < given.size(); ++i) {
      check.count();
      if (i > 0 && given[i]->sequence <= given[i - 1]->sequence)
        check.violated(fmt::format("{} was given after sequence {}", describe(*given[i]),
                                   given[i - 1]->sequence));
    }
  }
}

Invariant order_in_shard(const Experiment& experiment, const std::vector<OpLog>& ops,
                         const Readings& readings) {
  Check check("order-in-shard");
  check_places(check, ops);
  check_puts(check, ops);
  check_readings(check, readings);
  if (check.vacuous() && !experiment.clients.empty())
    return check.cannot_judge("no operation succeeded");
  return check.result();
}

/// Every record that is known to be there between two that a reader was given was given to it.
/// Nothing where no client of the user's read: our canaries read one record at a time.
std::optional<Invariant> no_gap(const ArmLog& log, const std::vector<OpLog>& ops,
                                const Readings& readings) {
  std::unordered_map<std::string, std::vector<const OpEvent*>> known;
  for (const OpLog& entry : ops)
    if (succeeded(*entry.op, "put") || succeeded(*entry.op, "audit"))
      known[shard_id(*entry.op)].push_back(entry.op);
  const auto by_sequence = [](const OpEvent* a, const OpEvent* b) {
    return a->sequence < b->sequence;
  };
  for (auto& [shard, records] : known) std::sort(records.begin(), records.end(), by_sequence);
  Check check("no-gap");
  const auto damaged = client_damage(log);
  std::string in_doubt;
  for (const auto& [id, given] : readings) {
    const std::string& client = given.front()->client;
    if (client.empty()) continue;
    if (damaged.contains(client)) {  // the line that is missing may be that of the record
      in_doubt = fmt::format("not all operations of {} are there", client);
      continue;
    }
    const auto& records = known[shard_id(*given.front())];
    for (std::size_t i = 0; i < given.size(); ++i) {
      check.count();
      if (i == 0) continue;
      const auto next = std::upper_bound(records.begin(), records.end(), given[i - 1], by_sequence);
      if (next != records.end() && (*next)->sequence < given[i]->sequence)
        check.violated(fmt::format("{} was given right after sequence {}: {} was left out",
                                   describe(*given[i]), given[i - 1]->sequence, describe(**next)));
    }
  }
  if (!in_doubt.empty() && check.result().holds == true) return check.cannot_judge(in_doubt);
  if (check.vacuous()) return std::nullopt;
  return check.result();
}

}  // namespace

std::vector<Invariant> check_records(const Experiment& experiment, const ArmLog& log) {
  const std::vector<OpLog> ops = judged(log);
  const Readings given = readings(ops);
  std::vector<Invariant> all = {no_lost_records(experiment, log, ops),
                                right_shard(experiment, log, ops),
                                order_in_shard(experiment, ops, given)};
  if (auto gaps = no_gap(log, ops, given)) all.push_back(std::move(*gaps));
  return all;
}

}  // namespace ceiling
