#include "harness/predict/predict.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "harness/predict/admission.h"
#include "harness/predict/alarm.h"
#include "harness/predict/cache_fleet.h"
#include "harness/predict/commit_limit.h"
#include "harness/predict/host_limit.h"
#include "harness/predict/memory_limit.h"
#include "harness/predict/own_scopes.h"

namespace ceiling {
namespace {

/// In the order in which the kernel asks them.
constexpr std::array kTaskLimits = {LimitName::rlimit_nproc, LimitName::pids_max};

/// What `need` tasks meet first under limits that count the same tasks.
template <typename ValueOf>
std::optional<Refusal> refusal_at(std::int64_t need, ValueOf value_of) {
  std::optional<Refusal> first;
  for (const LimitName name : kTaskLimits) {
    const std::optional<std::int64_t> value = value_of(name);
    if (!value || need <= *value || (first && first->tasks <= *value)) continue;
    first = {.limit = name, .value = *value, .tasks = *value};
  }
  return first;
}

/// Grows the fleet to the first visited size at which a frontend fails, or to its end.
Prediction predict_own_scopes(const ArmPlan& arm, OwnScopes& scopes) {
  Prediction prediction;
  int size = 0;
  for (const int visited : arm.fleet.sizes()) {
    while (size < visited) {
      scopes.add_member();
      ++size;
      if (size < arm.fleet.start || prediction.limit) continue;
      prediction.doubt = scopes.doubt();
      if (!prediction.doubt.empty()) return prediction;
      if (!scopes.anyone_fails()) continue;
      const auto first = scopes.failing();
      const Refusal& refusal = first.front().refusal;
      prediction.limit = refusal.limit;
      prediction.value = refusal.value;
      prediction.threads = refusal.tasks;
      if (first.size() == 1) prediction.member = first.front().member;
    }
    if (!prediction.limit) continue;
    prediction.fleet_size = visited;
    for (const auto& one : scopes.failing()) prediction.failing.push_back(one.member);
    break;
  }
  return prediction;
}

/// The member of a fleet with shared limits whose start is the first to be refused a thread,
/// visited size or not, and what refuses it.
struct SharedRefusal {
  int member = 0;
  std::int64_t limit = 0;  ///< the smaller one
  Refusal refusal;
};
std::optional<SharedRefusal> shared_refusal(const ArmPlan& arm, const CostModel& model) {
  const auto value_of = [&](LimitName name) { return arm.limits.value(name); };
  for (int size = 1; size <= arm.fleet.end; ++size) {
    auto refusal = refusal_at(model.fleet_tasks(size), value_of);
    if (!refusal) continue;
    const std::int64_t limit = refusal->value;
    // A main process has entered the full scope: RLIMIT_NPROC, which is asked first, also answers
    // when it is one above a full pids.max, for both stand at their limits then.
    if (model.fleet_tasks(size - 1) == limit) ++refusal->tasks;
    const auto nproc = value_of(LimitName::rlimit_nproc);
    if (nproc && *nproc <= refusal->tasks) {
      refusal->limit = LimitName::rlimit_nproc;
      refusal->value = *nproc;
    }
    return SharedRefusal{size, limit, *refusal};
  }
  return std::nullopt;
}

int visited_from(const FleetPlan& fleet, int size) {
  const std::vector<int> sizes = fleet.sizes();
  return *std::lower_bound(sizes.begin(), sizes.end(), size);
}

Prediction predict_frontends(const ArmPlan& arm, const CostModel& model) {
  if (host_limit(arm.limits)) return predict_on_host(arm, model);
  if (arm.limits.sets(LimitName::memory_max)) return predict_memory(arm, model);
  if (arm.limits.sets(LimitName::overcommit_memory)) return predict_commit(arm, model);
  if (arm.limits.scope == LimitScope::frontend) {
    OwnScopes scopes(arm, model);
    return predict_own_scopes(arm, scopes);
  }
  Prediction prediction;
  prediction.scope = LimitScope::fleet;
  if (const auto refused = shared_refusal(arm, model)) {
    prediction.fleet_size = visited_from(arm.fleet, refused->member);
    prediction.threads = refused->refusal.tasks;
    prediction.limit = refused->refusal.limit;
    prediction.value = refused->refusal.value;
  }
  return prediction;
}

/// Of admission and alarm.
Prediction predict_without_guardrails(const ArmPlan& arm, const CostModel& model) {
  Prediction prediction = predict_frontends(arm, model);
  return arm.has(Guardrail::cache_fleet) ? with_caches(std::move(prediction), arm, model)
                                         : prediction;
}

std::optional<Ceiling> ceiling_of(const Prediction& prediction) {
  if (!prediction.fleet_size || !prediction.limit) return std::nullopt;
  return Ceiling{*prediction.fleet_size, *prediction.limit, prediction.value.value_or(0),
                 prediction.of_cache};
}

/// What the fleet would meet if it were not reshaped, and what it meets beyond its planned end.
void add_ceilings(Prediction& prediction, const ArmPlan& arm, const CostModel& model) {
  if (!arm.has(Guardrail::multiplex) && !arm.has(Guardrail::cells) &&
      !arm.has(Guardrail::cache_fleet)) {
    return;
  }
  if (!prediction.doubt.empty()) return;
  prediction.without = ceiling_of(predict_frontends(arm, plain(model)));
  if (prediction.fleet_size) return;
  ArmPlan longer = arm;
  longer.fleet.step = 1;
  longer.fleet.end = kLargestFleet;
  prediction.beyond = ceiling_of(predict_without_guardrails(longer, model));
}

}  // namespace

Prediction predict(const ArmPlan& arm, const CostModel& model) {
  Prediction prediction = predict_without_guardrails(arm, model);
  add_admission(prediction, arm, model);
  add_alarm(prediction, arm, model);
  add_ceilings(prediction, arm, model);
  return prediction;
}

bool fleet_size_as_predicted(const Prediction& prediction, std::optional<int> observed) {
  if (!prediction.fleet_size || !observed) return prediction.fleet_size == observed;
  return *prediction.fleet_size <= *observed &&
         *observed <= prediction.fleet_size_most.value_or(*prediction.fleet_size);
}

std::int64_t peak_tasks(const ArmPlan& arm, const CostModel& model) {
  if (host_limit(arm.limits)) return peak_on_host(arm, model);
  if (arm.limits.scope == LimitScope::frontend) {
    OwnScopes scopes(arm, model);
    const bool doubtful = !predict_own_scopes(arm, scopes).doubt.empty();
    return doubtful ? model.fleet_tasks(arm.fleet.end) : scopes.tasks();
  }
  const auto refused = shared_refusal(arm, model);
  if (!refused) return model.fleet_tasks(arm.fleet.end);
  // The main processes of the rest of the step still join.
  return refused->refusal.tasks + visited_from(arm.fleet, refused->member) - refused->member;
}

}  // namespace ceiling
