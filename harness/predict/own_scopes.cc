#include "harness/predict/own_scopes.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace ceiling {
namespace {

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
    const std::int64_t need = model.tasks_in_cell(std::max(joined, 1));
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

}  // namespace

Cell::Cell(const LimitPlan& limits, CostModel model) : limits_(limits), model_(std::move(model)) {}

bool Cell::starts(int member) const {
  return !refusal_of(member, 1, limits_, model_);
}

void Cell::add_member(int member) {
  const bool drifted = limits_.overrides.contains(member);
  members_.push_back(member);
  if (drifted) drifted_.push_back(member);
  if (!starts(member)) return;
  ++joined_;
  if (!drifted && plain_ == 0) plain_ = member;
}

bool Cell::takes(int member) const {
  const auto fits = [this](int one) { return !refusal_of(one, joined_ + 1, limits_, model_); };
  const std::vector<int> there = kinds();
  return fits(member) && std::all_of(there.begin(), there.end(), fits);
}

std::vector<int> Cell::kinds() const {
  std::vector<int> found;
  for (const int member : drifted_) {
    if (starts(member)) found.push_back(member);
  }
  if (plain_ > 0) found.insert(std::upper_bound(found.begin(), found.end(), plain_), plain_);
  return found;
}

bool Cell::anyone_fails() const {
  if (drifted_.size() < members_.size() && refusal(0)) return true;
  return std::any_of(drifted_.begin(), drifted_.end(),
                     [this](int member) { return refusal(member).has_value(); });
}

std::string Cell::doubt() const {
  std::string found;
  if (drifted_.size() < members_.size()) found = doubt_of(0, std::max(joined_, 1), limits_, model_);
  for (auto one = drifted_.begin(); one != drifted_.end() && found.empty(); ++one) {
    found = doubt_of(*one, std::max(joined_, 1), limits_, model_);
  }
  return found;
}

std::optional<Refusal> Cell::refusal(int member) const {
  const auto at_start = refusal_of(member, 1, limits_, model_);
  return at_start ? at_start : refusal_of(member, joined_, limits_, model_);
}

std::int64_t Cell::tasks() const {
  std::int64_t sum = 0;
  for (const int member : members_) {
    const auto refused = refusal(member);
    sum += refused ? refused->tasks : model_.tasks_in_cell(std::max(joined_, 1));
  }
  return sum;
}

OwnScopes::OwnScopes(const ArmPlan& arm, const CostModel& model)
    : start_(arm.fleet.start),
      admission_(arm.has(Guardrail::admission)),
      cells_(static_cast<std::size_t>(model.cells), Cell(arm.limits, model)) {}

std::size_t OwnScopes::next_cell() const {
  const auto smaller = [this](std::size_t one, std::size_t other) {
    return cells_[one].joined() < cells_[other].joined();
  };
  std::vector<std::size_t> order(cells_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t smallest = *std::min_element(order.begin(), order.end(), smaller);
  const bool asked = admission_ && size_ >= start_;  // the first fleet is no addition
  if (!asked || cells_.size() == 1 || cells_[smallest].takes(size_ + 1)) return smallest;
  std::stable_sort(order.begin(), order.end(), smaller);
  const auto found = std::find_if(order.begin(), order.end(),
                                  [this](std::size_t one) { return cells_[one].takes(size_ + 1); });
  return found == order.end() ? smallest : *found;
}

void OwnScopes::add_member() {
  Cell& cell = cells_[next_cell()];
  cell.add_member(++size_);
}

bool OwnScopes::anyone_fails() const {
  return std::any_of(cells_.begin(), cells_.end(),
                     [](const Cell& cell) { return cell.anyone_fails(); });
}

std::string OwnScopes::doubt() const {
  for (const Cell& cell : cells_) {
    if (std::string found = cell.doubt(); !found.empty()) return found;
  }
  return "";
}

std::vector<OwnScopes::Failing> OwnScopes::failing() const {
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

std::int64_t OwnScopes::tasks() const {
  std::int64_t sum = 0;
  for (const Cell& cell : cells_) sum += cell.tasks();
  return sum;
}

std::map<int, int> cell_sizes(const ArmPlan& arm, const CostModel& model, int size) {
  OwnScopes fleet(arm, model);
  while (fleet.size() < size) fleet.add_member();
  std::map<int, int> sizes;
  for (const Cell& cell : fleet.cells()) {
    for (const int member : cell.members()) {
      sizes[member] = static_cast<int>(cell.members().size());
    }
  }
  return sizes;
}

}  // namespace ceiling
