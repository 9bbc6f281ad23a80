#include "harness/verify/attribution.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <map>
#include <unordered_map>

#include "harness/predict/commit_limit.h"
#include "harness/predict/host_limit.h"

namespace ceiling {
namespace {

bool at_limit(const SampleEvent& sample) {
  return sample.value && sample.tasks >= *sample.value;
}

/// How many of some scopes stand at one limit.
struct Standing {
  const SampleEvent* example = nullptr;  ///< one at its limit, else one that is limited
  std::size_t full = 0;
  std::size_t scopes = 0;

  bool all() const { return full > 0 && full == scopes; }
  std::string text() const {
    const std::string tasks = fmt::format("{} of {}", example->tasks, *example->value);
    return scopes == 1 ? tasks : fmt::format("{}, full in {} of {} scopes", tasks, full, scopes);
  }
};

Standing standing(const StepLog& step, const std::vector<std::string>& scopes,
                  std::string_view limit) {
  Standing found{.scopes = scopes.size()};
  for (const std::string& scope : scopes) {
    const SampleEvent* sample = step.sample(scope, limit);
    if (!sample || !sample->value) continue;
    if (!found.example || (at_limit(*sample) && found.full == 0)) found.example = sample;
    if (at_limit(*sample)) ++found.full;
  }
  return found;
}

const SampleEvent* ancestor_at_limit(const StepLog& step, std::string_view limit) {
  for (const SampleEvent* sample : step.samples)
    if (is_ancestor_scope(sample->scope) && sample->limit == limit && at_limit(*sample))
      return sample;
  return nullptr;
}

/// The first limit of the whole host, or of its pid namespace, in the order in which the kernel
/// asks them, that was full at the first refusal.
const SampleEvent* host_at_limit(const StepLog& step) {
  for (const LimitName name : {LimitName::threads_max, LimitName::pid_max}) {
    for (const LimitScope scope : {LimitScope::pid_namespace, LimitScope::host}) {
      const SampleEvent* sample = step.sample_at_refusal(to_string(scope), to_string(name));
      if (sample && at_limit(*sample)) return sample;
    }
  }
  return nullptr;
}

/// Refusals that the kernel counted in some groups.
struct Counter {
  bool read = false;
  std::int64_t before = 0;
  std::int64_t after = 0;

  std::int64_t refusals() const { return after - before; }
  bool moved() const { return refusals() > 0; }
  std::string text() const { return fmt::format("{} -> {}", before, after); }
};

std::unordered_map<std::string, std::int64_t> pids_events(const StepLog& step) {
  std::unordered_map<std::string, std::int64_t> events;
  for (const SampleEvent* sample : step.samples)
    if (sample->limit == to_string(LimitName::pids_max) && sample->pids_events)
      events[sample->scope] = *sample->pids_events;
  return events;
}

/// A group of the run that was not there before is new and began at zero; an ancestor without an
/// earlier reading says nothing. The frontends' groups are summed; a group above them may count
/// the same refusals again (cgroup v2 since 6.11), so it is not added: what moved most has seen
/// all.
Counter count_events(const StepLog* before, const StepLog& failing, bool ancestors) {
  std::unordered_map<std::string, std::int64_t> earlier;
  if (before) earlier = pids_events(*before);
  std::map<std::string, Counter> counters;
  for (const auto& [scope, events] : pids_events(failing)) {
    if (is_ancestor_scope(scope) != ancestors) continue;
    const auto found = earlier.find(scope);
    if (found == earlier.end() && ancestors) continue;
    Counter& counter = counters[is_frontend_scope(scope) ? "" : scope];
    counter.read = true;
    counter.before += found == earlier.end() ? 0 : found->second;
    counter.after += events;
  }
  Counter most;
  for (const auto& [groups, counter] : counters) {
    if (!most.read || counter.refusals() > most.refusals()) most = counter;
  }
  return most;
}

bool all_said(int error, const std::vector<const RefusalEvent*>& refusals) {
  return std::all_of(refusals.begin(), refusals.end(),
                     [error](const RefusalEvent* refusal) { return refusal->error == error; });
}

Attribution attributed(LimitName limit, const SampleEvent& sample, Attribution so_far) {
  so_far.limit = to_string(limit);
  so_far.where = sample.where;
  so_far.evidence["tasks"] = fmt::format("{} of {}", sample.tasks, *sample.value);
  return so_far;
}

/// What the kernel said to one more task right after each refusal; nothing where it was not asked
/// each time, or did not say the same.
std::optional<int> probed(const std::vector<const RefusalEvent*>& refusals) {
  const std::optional<int> first = refusals.front()->probe;
  const bool same = std::all_of(refusals.begin(), refusals.end(),
                                [&](const RefusalEvent* one) { return one->probe == first; });
  return same ? first : std::nullopt;
}

/// A process with less left of a resource than one thread costs.
bool no_room(const SampleEvent& sample, std::int64_t thread) {
  return sample.value && sample.used && *sample.used <= *sample.value &&
         *sample.value - *sample.used < thread;
}

/// The one limit of `asked` that all who failed have no room under.
Attribution attribute_to_process(std::initializer_list<LimitName> asked,
                                 const std::optional<CostModel>& model, const StepLog& failing,
                                 const std::vector<std::string>& scopes, Attribution found) {
  if (!model || model->per_peer == 0) return found;
  const SampleEvent* met = nullptr;
  for (const LimitName name : asked) {
    const auto cost = model->resources.find(*counted_by(name));
    if (cost == model->resources.end()) continue;
    const std::int64_t thread = cost->second.per_peer / model->per_peer;
    std::size_t full = 0;
    const SampleEvent* example = nullptr;
    for (const std::string& scope : scopes) {
      const SampleEvent* sample = failing.sample(scope, to_string(name));
      if (!sample || !sample->value || !sample->used) continue;
      if (!example) example = sample;
      if (no_room(*sample, thread)) ++full;
    }
    if (!example) continue;
    found.evidence[fmt::format("{} in use", to_string(name))] =
        fmt::format("{} of {}, a thread needs {}, no room in {} of {} processes", *example->used,
                    *example->value, thread, full, scopes.size());
    if (full != scopes.size()) continue;
    if (met) return found;  // two of them: which one answered cannot be told
    met = example;
  }
  if (!met) return found;
  found.limit = met->limit;
  found.where = met->where;
  return found;
}

/// All refusals are EMFILE of cache servers, and every cache server that was sampled has no room
/// for one place more: nobody else could have given it.
Attribution attribute_to_caches(const std::optional<CostModel>& model, const StepLog& failing,
                                Attribution found) {
  const std::string limit(to_string(LimitName::rlimit_nofile));
  const bool of_caches =
      std::all_of(failing.refusals.begin(), failing.refusals.end(),
                  [](const RefusalEvent* refusal) { return !refusal->server.empty(); });
  if (!of_caches || !all_said(EMFILE, failing.refusals) || !model || !model->cache) return found;
  std::map<std::string, const SampleEvent*> caches;  // the last sample of each
  for (const SampleEvent* sample : failing.samples)
    if (is_cache_scope(sample->scope) && sample->limit == limit) caches[sample->scope] = sample;
  std::size_t full = 0;
  for (const auto& [name, sample] : caches)
    if (no_room(*sample, model->cache->per_frontend)) ++full;
  const auto refused = caches.find(failing.refusals.front()->server);
  if (refused == caches.end() || !refused->second->value || !refused->second->used) return found;
  const SampleEvent& met = *refused->second;
  found.evidence[limit + " in use"] =
      fmt::format("{} of {} in {}, a place needs {}, no room in {} of {} cache servers", *met.used,
                  *met.value, met.scope, model->cache->per_frontend, full, caches.size());
  if (full != caches.size()) return found;
  found.limit = limit;
  found.where = met.where;
  return found;
}

/// How a history says that SIGKILL ended a process, see signal(7).
constexpr std::string_view kKilled = "signal 9";

/// Every frontend that failed was ended by SIGKILL, in its group the kernel counted a process that
/// the OOM killer ended, and what was charged to the limited group had come up to the limit: the
/// OOM killer also comes for groups above, and for the host.
Attribution attribute_to_oom_killer(const LimitPlan& limits, const StepLog* before,
                                    const StepLog& failing, Attribution found) {
  const std::string limit(to_string(LimitName::memory_max));
  const auto kills = [&](const StepLog* step, const std::string& scope) {
    const SampleEvent* sample = step ? step->sample(scope, limit) : nullptr;
    return sample ? sample->oom_kills.value_or(0) : 0;
  };
  // The kernel charges 64 pages at a time.
  constexpr std::int64_t kBatch = 64 * 4096;
  const auto was_full = [&](const std::string& scope) {
    const SampleEvent* sample = failing.sample(scope, limit);
    return sample && sample->value && sample->used && *sample->used >= *sample->value - kBatch;
  };
  const bool shared = limits.scope == LimitScope::fleet;
  std::size_t killed = 0;
  std::size_t counted = 0;
  std::size_t full = 0;
  for (const std::string& name : failing.step->failed) {
    const FaultEvent* fault = failing.fault_of(name);
    if (fault && fault->detail == kKilled) ++killed;
    if (kills(&failing, name) > kills(before, name)) ++counted;
    if (was_full(shared ? "fleet" : name)) ++full;
  }
  const std::size_t failed = failing.step->failed.size();
  found.evidence["ended by SIGKILL"] = fmt::format("{} of {} that failed", killed, failed);
  found.evidence["oom_kill moved"] = fmt::format("in {} of {} groups", counted, failed);
  const SampleEvent* limited =
      failing.sample(shared ? "fleet" : failing.step->failed.front(), limit);
  if (limited && limited->value && limited->used)
    found.evidence["memory.max"] =
        fmt::format("at most {} of {} bytes were charged, full for {} of {} that failed",
                    *limited->used, *limited->value, full, failed);
  if (!limited || killed != failed || counted != failed || full != failed) return found;
  found.limit = limit;
  found.where = limited->where;
  return found;
}

/// Not by somebody's signal, but by an exit or by abort(3).
bool ended_itself(const FaultEvent* fault) {
  constexpr std::string_view kAborted = "signal 6";
  return fault && (fault->detail.starts_with("exit status") || fault->detail == kAborted);
}

/// The host has committed so much that a stack (of those who were refused one) or a start (of those
/// who ended by themselves) does not fit; and the kernel had a task to give.
Attribution attribute_to_commit(const std::optional<CostModel>& model, const StepLog& failing,
                                Attribution found) {
  const std::string limit(to_string(LimitName::overcommit_memory));
  const SampleEvent* sample = failing.sample(to_string(LimitScope::host), limit);
  if (!sample || !sample->value || !sample->used || !model || model->per_peer == 0) return found;
  const auto data = model->resources.find(Resource::data);
  if (data == model->resources.end()) return found;
  const std::int64_t thread = data->second.per_peer / model->per_peer;
  const std::int64_t start = data->second.most_base;
  const std::int64_t left = *sample->value - *sample->used;
  const std::int64_t blurred =
      commit_error(*sample->value) + kept_from_frontend(*model, failing.step->fleet_size);
  found.evidence["committed"] =
      fmt::format("{} of {} bytes for who is not root, a stack needs {} and a start {}",
                  *sample->used, *sample->value, thread, start);
  std::size_t explained = 0;
  for (const std::string& name : failing.step->failed) {
    const auto refused = std::find_if(failing.refusals.begin(), failing.refusals.end(),
                                      [&](const auto* one) { return one->frontend == name; });
    // A task that copies the process may be refused the same memory: ENOMEM, where limits on tasks
    // say EAGAIN.
    const bool told = refused != failing.refusals.end();
    const bool stack = told && (*refused)->error == EAGAIN &&
                       ((*refused)->probe == 0 || (*refused)->probe == ENOMEM) &&
                       left < thread + blurred;
    const bool ended =
        (told ? (*refused)->error == ENOMEM : ended_itself(failing.fault_of(name))) &&
        left < start + blurred;
    if (stack || ended) ++explained;
  }
  found.evidence["refused memory"] =
      fmt::format("{} of {} that failed", explained, failing.step->failed.size());
  if (explained != failing.step->failed.size()) return found;
  found.limit = limit;
  found.where = sample->where;
  return found;
}

}  // namespace

std::vector<std::string> limited_scopes(const LimitPlan& limits, const StepLog& failing) {
  const LimitScope counted = counted_scope(limits);
  if (counted != LimitScope::frontend) return {std::string(to_string(counted))};
  if (auto caches = failing.refused_caches(); !caches.empty()) return caches;
  const bool differ = !limits.overrides.empty() && !failing.refusals.empty();
  return differ ? failing.first_refused() : failing.step->failed;
}

Attribution attribute(const LimitPlan& limits, const std::optional<CostModel>& model,
                      const StepLog* before, const StepLog& failing) {
  Attribution found;
  found.evidence["refusals_reported"] = std::to_string(failing.refusals.size());
  if (limits.sets(LimitName::memory_max)) {
    return attribute_to_oom_killer(limits, before, failing, std::move(found));
  }
  if (limits.sets(LimitName::overcommit_memory)) {
    return attribute_to_commit(model, failing, std::move(found));
  }
  if (failing.refusals.empty()) return found;
  found.evidence["errno"] = errno_name(failing.refusals.front()->error);

  const auto scopes = limited_scopes(limits, failing);
  const Standing pids = standing(failing, scopes, to_string(LimitName::pids_max));
  const Standing nproc = standing(failing, scopes, to_string(LimitName::rlimit_nproc));
  const SampleEvent* outer = ancestor_at_limit(failing, to_string(LimitName::pids_max));
  const SampleEvent* host = host_at_limit(failing);
  const Counter events = count_events(before, failing, false);
  const Counter outer_events = outer ? count_events(before, failing, true) : Counter{};
  if (events.read) found.evidence["pids.events"] = events.text();
  if (outer_events.read) found.evidence["pids.events above"] = outer_events.text();
  if (pids.example) found.evidence["tasks against pids.max"] = pids.text();
  if (nproc.example) found.evidence["tasks against RLIMIT_NPROC"] = nproc.text();

  if (!failing.refused_caches().empty()) {
    return attribute_to_caches(model, failing, std::move(found));
  }
  if (all_said(EMFILE, failing.refusals)) {
    return attribute_to_process({LimitName::rlimit_nofile}, model, failing, scopes,
                                std::move(found));
  }
  if (!all_said(EAGAIN, failing.refusals)) return found;
  if (const auto probe = probed(failing.refusals)) {
    found.evidence["clone right after"] = *probe == 0 ? "made" : errno_name(*probe);
    // The kernel had a task to give, so the stack was refused.
    if (*probe == 0) {
      return attribute_to_process({LimitName::max_map_count, LimitName::rlimit_as,
                                   LimitName::rlimit_memlock, LimitName::rlimit_data},
                                  model, failing, scopes, std::move(found));
    }
  }
  const bool counted = events.moved() || outer_events.moved();
  if (pids.all() && events.moved()) return attributed(LimitName::pids_max, *pids.example, found);
  if (outer && counted) return attributed(LimitName::pids_max, *outer, found);
  // Where pids.max is full as well, only a counter that was read and stood still rules it out.
  const bool counter_needed = pids.full > 0 || outer;
  const bool counter_read = events.read || outer_events.read;
  if (nproc.all() && !counted && (!counter_needed || counter_read))
    return attributed(LimitName::rlimit_nproc, *nproc.example, found);
  if (host && !counted && counter_read) return attributed(*limit_from(host->limit), *host, found);
  return found;
}

}  // namespace ceiling
