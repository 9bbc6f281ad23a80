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

namespace ceiling {
namespace {

/// The limit that answers when a frontend or a fleet wants more than it may have.
struct Refusal {
  LimitName limit{};
  std::int64_t value = 0;
  std::int64_t tasks = 0;  ///< in its scope at that moment
};

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

/// In the order in which they are met by a new peer: its descriptors are taken first; glibc maps
/// the thread's stack and makes it writable before the kernel is asked for the task.
constexpr std::array kOwnLimits = {LimitName::rlimit_nofile, LimitName::max_map_count,
                                   LimitName::rlimit_as,     LimitName::rlimit_memlock,
                                   LimitName::rlimit_data,   LimitName::rlimit_nproc,
                                   LimitName::pids_max};

/// What a frontend costs of what `name` counts; nothing where it was not measured.
std::optional<ResourceCost> cost_of(LimitName name, const CostModel& model) {
  const auto found = model.resources.find(*counted_by(name));
  if (found == model.resources.end()) return std::nullopt;
  return found->second;
}

/// Tasks of a frontend that starts from `base` and is refused what its next thread needs.
std::int64_t tasks_below(std::int64_t value, std::int64_t base, const ResourceCost& cost,
                         const CostModel& model) {
  const std::int64_t most = static_cast<std::int64_t>(model.per_peer) * model.threaded_peers;
  return model.base + std::min(most, (value - base) / (cost.per_peer / model.per_peer));
}

/// What one member meets in a cell of `joined`, which `model` is of; at 1, what it meets at its
/// start.
std::optional<Refusal> refusal_of(int member, int joined, const LimitPlan& limits,
                                  const CostModel& model) {
  std::optional<Refusal> first;
  for (const LimitName name : kOwnLimits) {
    const auto value = limits.value(name, member);
    if (!value) continue;
    const std::int64_t need = model.frontend_tasks(std::max(joined, 1));
    std::int64_t tasks = *value;
    if (!counted_by(name)) {
      if (need <= *value) continue;
    } else {
      const auto cost = cost_of(name, model);
      if (!cost || cost->least(std::max(joined, 1)) <= *value || *value < cost->most_base) continue;
      tasks = tasks_below(*value, cost->most_base, *cost, model);
    }
    if (!first || tasks < first->tasks) first = {.limit = name, .value = *value, .tasks = tasks};
  }
  return first;
}

/// Why it cannot be told whether, or where, a member meets one of its limits; empty where it can.
std::string doubt_of(int member, int joined, const LimitPlan& limits, const CostModel& model) {
  for (const LimitName name : kOwnLimits) {
    const auto value = limits.value(name, member);
    if (!value || !counted_by(name)) continue;
    const std::string limit(to_string(name));
    const std::string unit(to_string(*counted_by(name)));
    const auto cost = cost_of(name, model);
    if (!cost && model.measured_at.empty())
      return limit + " needs --calibrate: " + unit + " are measured";
    if (!cost) return limit + ": the " + unit + " measured lie on no line";
    const std::string size = " at " + std::to_string(joined) + " frontends";
    const auto between = [&](std::int64_t least, std::int64_t most, const std::string& what) {
      return limit + ": " + std::to_string(*value) + " lies between the " + std::to_string(least) +
             " and " + std::to_string(most) + " " + unit + " that a frontend may need " + what;
    };
    if (*value < cost->most_base) return between(cost->least_base, cost->most_base, "to start");
    const std::int64_t least = cost->least(joined);
    const std::int64_t most = cost->most(joined);
    if (least <= *value && *value < most) return between(least, most, size.substr(1));
    if (least <= *value) continue;
    if (tasks_below(*value, cost->least_base, *cost, model) !=
        tasks_below(*value, cost->most_base, *cost, model)) {
      return limit + ": not every frontend is refused the same thread" + size;
    }
  }
  return "";
}

/// Frontends of one cell with limits of their own, counted as they come. Nearly all of them have
/// the same limits, so those are asked once, and the drifted ones each.
class Cell {
 public:
  Cell(const LimitPlan& limits, CostModel model) : limits_(limits), model_(std::move(model)) {
    model_.cells = 1;
  }

  void add_member(int member) {
    members_.push_back(member);
    if (limits_.overrides.contains(member)) drifted_.push_back(member);
    if (!refusal_of(member, 1, limits_, model_)) ++joined_;
  }

  int joined() const { return joined_; }
  const std::vector<int>& members() const { return members_; }

  bool anyone_fails() const {
    if (drifted_.size() < members_.size() && refusal(0)) return true;
    return std::any_of(drifted_.begin(), drifted_.end(),
                       [this](int member) { return refusal(member).has_value(); });
  }

  /// Of one of the members; empty where there is none.
  std::string doubt() const {
    std::string found;
    if (drifted_.size() < members_.size())
      found = doubt_of(0, std::max(joined_, 1), limits_, model_);
    for (auto one = drifted_.begin(); one != drifted_.end() && found.empty(); ++one) {
      found = doubt_of(*one, std::max(joined_, 1), limits_, model_);
    }
    return found;
  }

  /// Nothing where that member fits. 0: a member without overrides.
  std::optional<Refusal> refusal(int member) const {
    const auto at_start = refusal_of(member, 1, limits_, model_);
    return at_start ? at_start : refusal_of(member, joined_, limits_, model_);
  }

  std::int64_t tasks() const {
    std::int64_t sum = 0;
    for (const int member : members_) {
      const auto refused = refusal(member);
      sum += refused ? refused->tasks : model_.frontend_tasks(std::max(joined_, 1));
    }
    return sum;
  }

 private:
  const LimitPlan& limits_;
  CostModel model_;
  std::vector<int> members_;
  std::vector<int> drifted_;
  int joined_ = 0;
};

/// A fleet whose frontends have limits of their own: one cell, or several.
class OwnScopes {
 public:
  OwnScopes(const LimitPlan& limits, const CostModel& model)
      : cells_(static_cast<std::size_t>(model.cells), Cell(limits, model)) {}

  /// To the smallest cell, and of several to the first: as membership does it.
  void add_member() {
    const auto smallest = std::min_element(
        cells_.begin(), cells_.end(),
        [](const Cell& one, const Cell& other) { return one.joined() < other.joined(); });
    smallest->add_member(++size_);
  }

  bool anyone_fails() const {
    return std::any_of(cells_.begin(), cells_.end(),
                       [](const Cell& cell) { return cell.anyone_fails(); });
  }

  std::string doubt() const {
    for (const Cell& cell : cells_) {
      if (std::string found = cell.doubt(); !found.empty()) return found;
    }
    return "";
  }

  struct Failing {
    int member = 0;
    Refusal refusal;
  };
  /// Rising.
  std::vector<Failing> failing() const {
    std::vector<Failing> found;
    for (const Cell& cell : cells_) {
      for (const int member : cell.members()) {
        if (const auto refused = cell.refusal(member)) found.push_back({member, *refused});
      }
    }
    std::sort(found.begin(), found.end(),
              [](const Failing& one, const Failing& other) { return one.member < other.member; });
    return found;
  }

  std::int64_t tasks() const {
    std::int64_t sum = 0;
    for (const Cell& cell : cells_) sum += cell.tasks();
    return sum;
  }

 private:
  std::vector<Cell> cells_;
  int size_ = 0;
};

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
    OwnScopes scopes(arm.limits, model);
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
    OwnScopes scopes(arm.limits, model);
    const bool doubtful = !predict_own_scopes(arm, scopes).doubt.empty();
    return doubtful ? model.fleet_tasks(arm.fleet.end) : scopes.tasks();
  }
  const auto refused = shared_refusal(arm, model);
  if (!refused) return model.fleet_tasks(arm.fleet.end);
  // The main processes of the rest of the step still join.
  return refused->refusal.tasks + visited_from(arm.fleet, refused->member) - refused->member;
}

}  // namespace ceiling
