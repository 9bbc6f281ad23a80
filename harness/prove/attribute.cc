#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <numeric>
#include <span>

#include "harness/observe/history.h"
#include "harness/prove/measurement.h"

namespace ceiling {
namespace {

constexpr std::array<std::string_view, 5> kOfMemory = {
    "vm.max_map_count", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_DATA", "vm.overcommit_memory"};
constexpr std::array<std::string_view, 3> kBeforePids = {"RLIMIT_NPROC", "kernel.threads-max",
                                                         "kernel.pid_max"};
constexpr std::string_view kPids = "pids.max";

bool is_of_memory(const Limit& row) {
  return std::find(kOfMemory.begin(), kOfMemory.end(), row.name) != kOfMemory.end();
}

/// Of a count of tasks, a lower bound is one that was not counted.
bool is_full(const Limit& row) {
  if (!row.applies || !row.value || row.at_least() != 0) return false;
  return row.certainty != Certainty::at_least || is_of_memory(row);
}

/// The first full row with one of `names`: rows with equal room stand in the order in which the
/// kernel asks them.
const Limit* first_full(const std::vector<Limit>& rows, std::span<const std::string_view> names) {
  const auto found = std::find_if(rows.begin(), rows.end(), [names](const Limit& row) {
    return is_full(row) && std::find(names.begin(), names.end(), row.name) != names.end();
  });
  return found == rows.end() ? nullptr : &*found;
}

const Limit* full_group(const std::vector<Limit>& rows, const std::string& group) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&group](const Limit& row) {
    return row.name == kPids && row.scope == group && is_full(row);
  });
  return found == rows.end() ? nullptr : &*found;
}

/// Refusals that the path counted: the group that counts most has seen all.
std::int64_t refusals(const std::vector<GroupEvents>& events) {
  std::int64_t most = 0;
  for (const GroupEvents& group : events) most = std::max(most, group.moved());
  return most;
}

/// The pids.max that refused, where the counters agree with what is full.
const Limit* refusing_group(const Measurement& measured) {
  // pids_try_charge() in kernel/cgroup/pids.c goes from the leaf upwards.
  const Limit* first = nullptr;
  for (const GroupEvents& group : measured.events) {
    if (first == nullptr) first = full_group(measured.after, group.group);
  }
  const auto lowest = std::find_if(measured.events.begin(), measured.events.end(),
                                   [](const GroupEvents& group) { return group.moved() > 0; });
  if (first == nullptr || lowest == measured.events.end()) return nullptr;
  const bool leaf = lowest == measured.events.begin();
  if (measured.meaning == EventsMeaning::forking) return leaf ? first : nullptr;
  if (measured.meaning == EventsMeaning::limiting && lowest->group != first->scope) return nullptr;
  return first;
}

bool refused_memory(const Measurement& measured) {
  if (measured.reached_clone) return !*measured.reached_clone;
  // A counter that moved once has counted the process that was asked for afterwards.
  return measured.probe == 0 || refusals(measured.events) == 1;
}

const Limit* refusing(const Measurement& measured) {
  if (measured.error != EAGAIN) return nullptr;
  if (refused_memory(measured)) return first_full(measured.after, kOfMemory);
  if (measured.probe != EAGAIN) return nullptr;
  if (refusals(measured.events) > 0) return refusing_group(measured);
  return first_full(measured.after, kBeforePids);
}

std::string errno_or_none(int error) {
  return error == 0 ? "none" : errno_name(error);
}

}  // namespace

std::string_view to_string(EventsMeaning meaning) {
  switch (meaning) {
    case EventsMeaning::forking:
      return "the group that forks";
    case EventsMeaning::limiting:
      return "the group whose limit is met";
    case EventsMeaning::unknown:
      return "unknown";
  }
  return "?";
}

Attribution attribute(const Measurement& measured) {
  Attribution found;
  found.evidence["errno"] = errno_or_none(measured.error);
  if (measured.error == 0) return found;
  found.evidence["errno of a process right after"] = errno_or_none(measured.probe);
  if (measured.reached_clone) {
    found.evidence["stack of the refused thread"] =
        *measured.reached_clone ? "kept: clone refused" : "none: refused before clone";
  }
  for (const GroupEvents& group : measured.events) {
    if (group.moved() == 0 && &group != &measured.events.front()) continue;
    found.evidence["pids.events " + group.group] =
        fmt::format("{} -> {}", group.before, group.after);
  }
  found.evidence["pids.events counts in"] = to_string(measured.meaning);
  for (const Limit& row : measured.after) {
    if (!is_full(row)) continue;
    found.evidence[fmt::format("{} {}", row.name, row.scope)] =
        fmt::format("{} of {} {}", row.used, *row.value, row.unit);
  }
  if (const Limit* row = refusing(measured)) {
    found.limit = row->name;
    found.where = row->where;
  }
  return found;
}

}  // namespace ceiling
