#include "harness/report/html/recovery.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>

#include "harness/observe/history.h"

namespace ceiling {
namespace {

constexpr int kStretches = 60;

struct Span {
  double from_s = 0;
  double to_s = 0;

  double stretch_s() const { return std::max((to_s - from_s) / kStretches, 0.001); }
  bool holds(double t_s) const { return t_s >= from_s && t_s <= to_s; }
  int stretch_of(double t_s) const {
    return std::min(static_cast<int>((t_s - from_s) / stretch_s()), kStretches - 1);
  }
};

std::optional<Span> span_of(const ArmEvents& events) {
  std::optional<Span> span;
  for (const Event* event : events) {
    if (as<RestartEvent>(event) && !span) span = Span{event->t_s, event->t_s};
    if (!span) continue;
    span->to_s = std::max(span->to_s, event->t_s);
    if (as<RecoveryEndEvent>(event)) break;
  }
  return span;
}

struct Stretch {
  int requests = 0;
  int failed = 0;
  int restarts = 0;
  int again = 0;
  int removals = 0;
};

std::map<int, Stretch> stretches_of(const ArmEvents& events, const Span& span) {
  std::map<int, Stretch> stretches;
  std::unordered_map<std::uint64_t, int> under_way;
  for (const Event* event : events) {
    const bool meanwhile = span.holds(event->t_s);
    if (const auto* op = as<OpEvent>(event)) {
      if (!op->client.empty() || (op->kind != "put" && op->kind != "get")) continue;
      if (op->phase == OpPhase::invoke && meanwhile) {
        under_way[op->id] = span.stretch_of(event->t_s);
        ++stretches[under_way[op->id]].requests;
        ++stretches[under_way[op->id]].failed;
      } else if (op->phase == OpPhase::ok && under_way.contains(op->id)) {
        --stretches[under_way[op->id]].failed;
        under_way.erase(op->id);
      }
    } else if (const auto* restart = as<RestartEvent>(event); restart && meanwhile) {
      Stretch& stretch = stretches[span.stretch_of(event->t_s)];
      ++(restart->why == RestartEvent::kPlanned ? stretch.restarts : stretch.again);
    } else if (as<RemovalEvent>(event) && meanwhile) {
      ++stretches[span.stretch_of(event->t_s)].removals;
    }
  }
  return stretches;
}

OrderedJson sweeps_of(const ArmEvents& events, const Span& span) {
  OrderedJson sweeps = OrderedJson::array();
  for (const Event* event : events) {
    const auto* sweep = as<RoutableEvent>(event);
    if (sweep && span.holds(event->t_s))
      sweeps.push_back({{"t_s", shown_s(event->t_s - span.from_s)},
                        {"share", sweep->share},
                        {"pairs", sweep->pairs}});
  }
  return sweeps;
}

}  // namespace

OrderedJson recovery_json(const ArmVerdict& arm, const ArmEvents& events) {
  const auto span = span_of(events);
  if (!span || !arm.recovery) return {};
  OrderedJson list = OrderedJson::array();
  for (const auto& [number, one] : stretches_of(events, *span))
    list.push_back({{"t_s", shown_s(number * span->stretch_s())},
                    {"requests", one.requests},
                    {"failed", one.failed},
                    {"restarts", one.restarts},
                    {"again", one.again},
                    {"removals", one.removals}});
  return {{"from_s", shown_s(span->from_s)},
          {"to_s", shown_s(span->to_s - span->from_s)},
          {"stretch_s", shown_s(span->stretch_s())},
          {"limit_s", arm.recovery->plan.limit_s},
          {"stretches", std::move(list)},
          {"sweeps", sweeps_of(events, *span)}};
}

}  // namespace ceiling
