#include "cgroups/headroom.h"

#include <algorithm>
#include <limits>

#include "cgroups/limits/max_map_count.h"
#include "cgroups/limits/memory_max.h"
#include "cgroups/limits/overcommit_memory.h"
#include "cgroups/limits/pid_max.h"
#include "cgroups/limits/pids_max.h"
#include "cgroups/limits/rlimit_as.h"
#include "cgroups/limits/rlimit_data.h"
#include "cgroups/limits/rlimit_memlock.h"
#include "cgroups/limits/rlimit_nofile.h"
#include "cgroups/limits/rlimit_nproc.h"
#include "cgroups/limits/threads_max.h"
#include "cgroups/read_facts.h"

namespace ceiling {
namespace {

constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

std::int64_t room(const Limit& limit) {
  return limit.applies ? limit.threads_left.value_or(kNoLimit) : kNoLimit;
}

/// In the order in which a creation meets them: pthread_create maps the stack (mm/mmap.c) and makes
/// it writable (mm/mprotect.c), then copy_process() in kernel/fork.c charges memory and asks the
/// rest.
std::vector<Limit> rows_of(const Facts& facts, const ThreadShape& thread,
                           const Question& question) {
  std::vector<Limit> rows;
  const auto add = [&rows](Limit row) { rows.push_back(std::move(row)); };
  if (question.threads_per_peer > 0) {
    add(rlimit_nofile_limit(facts.place, question.threads_per_peer, kDescriptorsPerPeer));
  }
  add(max_map_count_limit(facts));
  add(rlimit_memlock_limit(facts.place, thread));
  add(rlimit_as_limit(facts.place, thread));
  add(rlimit_data_limit(facts.place, thread));
  add(overcommit_memory_limit(facts, thread));
  for (Limit& row : memory_max_limits(facts.place)) add(std::move(row));
  add(rlimit_nproc_limit(facts));
  add(threads_max_limit(facts.host));
  add(pid_max_limit(facts));
  for (Limit& row : pids_max_limits(facts.place)) add(std::move(row));
  return rows;
}

/// A kernel that answers in user space has rules of its own: no number of ours would be right.
void disown(std::vector<Limit>& rows, const std::string& kernel) {
  for (Limit& row : rows) {
    row.certainty = Certainty::unknown;
    row.threads_left.reset();
    row.note = "unknown: " + kernel + " is not Linux and has rules of its own";
  }
}

/// Counting reads every process: it is worth it where the bound from the tasks of the host does not
/// already say that another limit binds first, or that there is room for what is needed.
bool could_bind_uncounted(const Headroom& found, std::optional<std::int64_t> needed) {
  const Limit* first = found.binding();
  if (first == nullptr) return false;
  if (needed && first->at_least().value_or(*needed) >= *needed) return false;
  const PlaceFacts& place = found.facts.place;
  return (first->name == "RLIMIT_NPROC" && place.uid_tasks_from == "bound") ||
         (first->name == "kernel.pid_max" && !found.facts.host.pids_counted);
}

}  // namespace

const Limit* Headroom::binding() const {
  if (limits.empty() || room(limits.front()) == kNoLimit) return nullptr;
  return &limits.front();
}

std::optional<std::int64_t> Headroom::threads_left() const {
  const Limit* first = binding();
  return first == nullptr ? std::nullopt : first->threads_left;
}

ThreadShape default_thread(const PlaceFacts& place) {
  constexpr std::int64_t kPage = 4096;
  constexpr std::int64_t kUnlimitedStack = 2 << 20;  // ARCH_STACK_DEFAULT_SIZE
  constexpr std::int64_t kLeastStack = 16384;        // PTHREAD_STACK_MIN
  const std::int64_t limit = std::max(place.stack.number.value_or(kUnlimitedStack), kLeastStack);
  return {(limit + kPage - 1) / kPage * kPage, kPage};
}

Headroom headroom(const Facts& facts, const Question& question) {
  Headroom found;
  found.facts = facts;
  found.thread = default_thread(facts.place);
  if (question.stack) found.thread.stack = *question.stack;
  found.limits = rows_of(facts, found.thread, question);
  if (!facts.host.other_kernel.empty()) disown(found.limits, facts.host.other_kernel);
  std::stable_sort(found.limits.begin(), found.limits.end(), [](const Limit& a, const Limit& b) {
    const auto unknown = [](const Limit& row) { return row.certainty == Certainty::unknown; };
    return std::pair(room(a), unknown(a)) < std::pair(room(b), unknown(b));
  });
  return found;
}

Headroom headroom(const Hierarchy& hierarchy, const Target& target, const Question& question) {
  return headroom(hierarchy, Facts{read_host(hierarchy), read_place(hierarchy, target)}, question);
}

Headroom headroom(const Hierarchy& hierarchy, Facts facts, const Question& question) {
  if (question.probe) {
    facts.place.uid_tasks = seen(count_by_fork_probe(facts.place.uid));
    facts.place.uid_tasks_from = "probe";
  } else {
    facts.place.uid_tasks = facts.host.tasks;
    facts.place.uid_tasks_from = "bound";
  }
  Headroom found = headroom(facts, question);
  if (!question.count && facts.host.tasks.seen() && !could_bind_uncounted(found, question.needed)) {
    return found;
  }
  const bool asked = question.count || question.needed || question.threads_per_peer > 0;
  count_tasks(hierarchy, facts, asked ? Numbers::exact : Numbers::bound);
  return headroom(facts, question);
}

std::vector<Limit> shared_limits(const Hierarchy& hierarchy) {
  Facts facts{read_host(hierarchy), read_place(hierarchy, {})};
  count_tasks(hierarchy, facts, Numbers::exact);
  // In the order in which the kernel asks, copy_process() in kernel/fork.c.
  std::vector<Limit> rows = {threads_max_limit(facts.host), pid_max_limit(facts)};
  for (Limit& row : pids_max_limits(facts.place)) rows.push_back(std::move(row));
  return rows;
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
