#include "harness/verify/mismatch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <unordered_set>

#include "harness/predict/host_limit.h"
#include "harness/predict/own_scopes.h"
#include "harness/verify/guardrails.h"

namespace ceiling {
namespace {

using Lines = std::vector<std::string>;

void append(Lines& to, const Lines& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// Whether the fleet of a step lies on the measured line: the first scope that does not.
Lines off_the_line(const ArmPlan& arm, const CostModel& model, const StepLog& log) {
  const int size = log.step->fleet_size;
  const bool own = arm.limits.scope == LimitScope::frontend;
  const bool parted = own && model.cells > 1;
  const auto cells = parted ? cell_sizes(arm, model, size) : std::map<int, int>();
  std::unordered_set<std::string> scopes;
  for (const SampleEvent* sample : log.samples) {
    if (own ? !is_frontend_scope(sample->scope) : sample->scope != "fleet") continue;
    scopes.insert(sample->scope);
    const int member = member_number(sample->scope).value_or(1);
    const std::int64_t expected = !own                     ? model.fleet_tasks(size)
                                  : cells.contains(member) ? model.tasks_in_cell(cells.at(member))
                                                           : model.member_tasks(member, size);
    if (sample->tasks != expected)
      return {fmt::format("at {} frontends the measured line gives {} tasks, {} has {}", size,
                          expected, sample->scope, sample->tasks)};
  }
  const std::size_t needed = own ? static_cast<std::size_t>(size) : 1;
  if (scopes.size() != needed)
    return {
        fmt::format("{} of {} scopes were sampled at {} frontends", scopes.size(), needed, size)};
  return {};
}

template <typename T>
std::string differs(const char* what, const T& predicted, const T& observed) {
  return fmt::format("{}: predicted {}, observed {}", what, predicted, observed);
}

/// A few frontends by their names, more of them by their number.
std::string members(const Lines& names) {
  constexpr std::size_t kNamed = 3;
  return names.size() > kNamed ? std::to_string(names.size())
                               : fmt::format("{}", fmt::join(names, ", "));
}

/// Who fails where every frontend has its own limit: exactly those that were predicted.
Lines different_members(const Prediction& predicted, const Observed& observed,
                        const Lines& failed) {
  Lines found;
  Lines expected;
  for (const int member : predicted.failing) expected.push_back(member_name(member));
  if (!std::is_permutation(expected.begin(), expected.end(), failed.begin(), failed.end()))
    found.push_back(differs("frontends that fail", members(expected), members(failed)));
  const std::string first = predicted.member ? member_name(*predicted.member) : "";
  const auto shown = [](const std::string& name) { return name.empty() ? "several" : name; };
  if (first != observed.member)
    found.push_back(differs("first to fail", shown(first), shown(observed.member)));
  return found;
}

/// How the failure differs from the one that was predicted; empty where it was met.
Lines different_failure(const ArmPlan& arm, const Prediction& predicted, const Observation& seen) {
  const Observed& observed = seen.observed;
  if (!predicted.fleet_size && !observed.fleet_size) return {};
  if (!predicted.fleet_size)
    return {fmt::format("predicted that no frontend fails up to {}, {} failed at {}", arm.fleet.end,
                        observed.frontends_failed, *observed.fleet_size)};
  if (!observed.fleet_size)
    return {fmt::format("predicted a failure at {} frontends, none failed up to {}",
                        *predicted.fleet_size, arm.fleet.end)};
  Lines found;
  if (!fleet_size_as_predicted(predicted, observed.fleet_size))
    found.push_back(
        predicted.fleet_size_most
            ? differs("fleet size",
                      fmt::format("{} to {}", *predicted.fleet_size, *predicted.fleet_size_most),
                      fmt::format("{}", *observed.fleet_size))
            : differs("fleet size", *predicted.fleet_size, *observed.fleet_size));
  if (!threads_as_predicted(predicted, observed.threads, *observed.fleet_size))
    found.push_back(
        differs("threads", predicted.threads.value_or(0), observed.threads.value_or(0)));
  const std::string limit(predicted.limit ? to_string(*predicted.limit) : "none");
  if (limit != observed.limit) found.push_back(differs("limit", limit, observed.limit));
  const auto met_by = [](bool cache) { return cache ? "cache servers" : "frontends"; };
  if (predicted.of_cache != observed.of_cache)
    found.push_back(differs("limit met by", met_by(predicted.of_cache), met_by(observed.of_cache)));
  const bool exact = predicted.fleet_size == observed.fleet_size && !predicted.fleet_size_most;
  if (predicted.scope == LimitScope::frontend && exact) {
    append(found, different_members(predicted, observed, seen.failing->step->failed));
  }
  return found;
}

}  // namespace

Doubts off_the_line(const ArmPlan& arm, const CostModel& model, const ArmLog& log) {
  const bool reshaped =
      arm.has(Guardrail::multiplex) || arm.has(Guardrail::cells) || arm.has(Guardrail::cache_fleet);
  for (const StepLog& step : log.steps) {
    if (!step.step->settled) continue;
    // A refused thread says nothing about the line, and is judged as what it is.
    if (!step.step->failed.empty()) break;
    Lines found = off_the_line(arm, model, step);
    if (!reshaped) {
      for (std::string& line : found) line.insert(0, "not linear: ");
      return {.contrary = {}, .inconclusive = std::move(found)};
    }
    if (!found.empty()) return {.contrary = std::move(found), .inconclusive = {}};
  }
  return {};
}

Lines mismatches(const ArmPlan& arm, const Prediction& predicted, const Observation& seen) {
  const Observed& observed = seen.observed;
  Lines found = alarm_mismatches(predicted, observed);
  append(found, admission_mismatches(predicted, observed));
  if (!predicted.admission && !observed.admission) {
    append(found, different_failure(arm, predicted, seen));
  } else if (observed.fleet_size) {
    found.push_back(fmt::format("{} frontends failed at {}, where admission keeps the fleet below",
                                observed.frontends_failed, *observed.fleet_size));
  }
  return found;
}

}  // namespace ceiling
