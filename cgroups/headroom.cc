#include "cgroups/headroom.h"

#include <algorithm>
#include <limits>

#include "cgroups/limits/pid_max.h"
#include "cgroups/limits/pids_max.h"
#include "cgroups/limits/rlimit_nproc.h"
#include "cgroups/limits/threads_max.h"

namespace ceiling {
namespace {

std::int64_t room(const Limit& limit) {
  constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
  return limit.applies ? limit.threads_left.value_or(kNoLimit) : kNoLimit;
}

std::vector<Limit> shared_limits_of(const Hierarchy& hierarchy, const std::string& group) {
  // In the order in which the kernel asks, copy_process() in kernel/fork.c.
  std::vector<Limit> rows = {threads_max_limit(hierarchy.root()), pid_max_limit(hierarchy.root())};
  // Without the pids controller nothing of it can refuse.
  if (hierarchy.controller("pids") == nullptr) return rows;
  for (Limit& row : pids_max_limits(hierarchy, group)) rows.push_back(std::move(row));
  return rows;
}

std::string pids_group_of(const Hierarchy& hierarchy, pid_t pid) {
  return hierarchy.controller("pids") == nullptr ? "" : hierarchy.group_of(pid, "pids");
}

}  // namespace

const Limit* Headroom::binding() const {
  if (limits.empty() || !limits.front().applies || !limits.front().threads_left) return nullptr;
  return &limits.front();
}

std::optional<std::int64_t> Headroom::threads_left() const {
  const Limit* first = binding();
  return first == nullptr ? std::nullopt : first->threads_left;
}

Headroom headroom(const Hierarchy& hierarchy, const Target& target) {
  const std::string group =
      target.pids_group ? *target.pids_group : pids_group_of(hierarchy, target.pid);
  Headroom found;
  found.limits.push_back(rlimit_nproc_limit(target.pid, target.uid, hierarchy.root()));
  for (Limit& row : shared_limits_of(hierarchy, group)) found.limits.push_back(std::move(row));
  std::stable_sort(found.limits.begin(), found.limits.end(),
                   [](const Limit& a, const Limit& b) { return room(a) < room(b); });
  return found;
}

std::vector<Limit> shared_limits(const Hierarchy& hierarchy) {
  return shared_limits_of(hierarchy, pids_group_of(hierarchy, 0));
}

std::optional<Limit> first_overfilled(const std::vector<Limit>& limits, std::int64_t more,
                                      double share) {
  const auto overfilled = [&](const Limit& limit) {
    return limit.applies && limit.value &&
           static_cast<double>(limit.used + more) > share * static_cast<double>(*limit.value);
  };
  const auto found = std::find_if(limits.begin(), limits.end(), overfilled);
  return found == limits.end() ? std::nullopt : std::optional<Limit>(*found);
}

}  // namespace ceiling
