#include "harness/report/html/course.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "harness/observe/history.h"
#include "harness/report/html/thin.h"

namespace ceiling {
namespace {

constexpr std::size_t kPointsDrawn = 600;
constexpr std::size_t kMarksDrawn = 600;
constexpr int kBuckets = 200;

/// Points of one kind, thinned by the value that is drawn.
class Points {
 public:
  void add(double value, OrderedJson point) {
    values_.push_back(value);
    points_.push_back(std::move(point));
  }
  OrderedJson json() const {
    OrderedJson list = OrderedJson::array();
    for (const std::size_t index : drawn(values_, kPointsDrawn)) list.push_back(points_[index]);
    return list;
  }

 private:
  std::vector<double> values_;
  std::vector<OrderedJson> points_;
};

OrderedJson steps(const ArmEvents& events) {
  Points points;
  for (const Event* event : events) {
    const auto* step = as<StepEvent>(event);
    if (!step) continue;
    points.add(step->fleet_size, {{"t_s", shown_s(event->t_s)},
                                  {"fleet_size", step->fleet_size},
                                  {"settled", step->settled},
                                  {"in_service", step->in_service},
                                  {"failed", step->failed.size()}});
  }
  return points.json();
}

OrderedJson routable(const ArmEvents& events) {
  Points points;
  for (const Event* event : events) {
    const auto* sweep = as<RoutableEvent>(event);
    if (!sweep) continue;
    points.add(sweep->share, {{"t_s", shown_s(event->t_s)},
                              {"share", sweep->share},
                              {"fleet_size", sweep->fleet_size},
                              {"pairs", sweep->pairs}});
  }
  return points.json();
}

/// Ends of operations of the canaries, and of clients of the user's.
OrderedJson canary(const ArmEvents& events, double from_s, double to_s) {
  struct Counts {
    int ok = 0;
    int failed = 0;
    int unknown = 0;
  };
  const double bucket_s = std::max((to_s - from_s) / kBuckets, 0.001);
  std::map<int, Counts> buckets;
  for (const Event* event : events) {
    const auto* op = as<OpEvent>(event);
    if (!op || op->phase == OpPhase::invoke || op->kind == "audit") continue;
    Counts& counts = buckets[static_cast<int>((event->t_s - from_s) / bucket_s)];
    ++(op->phase == OpPhase::ok     ? counts.ok
       : op->phase == OpPhase::fail ? counts.failed
                                    : counts.unknown);
  }
  OrderedJson list = OrderedJson::array();
  for (const auto& [number, counts] : buckets)
    list.push_back({{"t_s", shown_s(from_s + number * bucket_s)},
                    {"ok", counts.ok},
                    {"failed", counts.failed},
                    {"unknown", counts.unknown}});
  return {{"bucket_s", shown_s(bucket_s)}, {"counts", std::move(list)}};
}

struct Mark {
  double t_s = 0;
  double until_s = 0;
  std::string kind;
  std::string text;
  int fleet_size = 0;  ///< of the step that ended what was under way; 0: none did
  int step = 0;        ///< which one that is
  int count = 1;
};

/// Nothing where the event is none that is marked.
Mark mark_of(const Event* event) {
  Mark mark{.t_s = event->t_s, .until_s = event->t_s, .kind = {}, .text = {}};
  if (const auto* refusal = as<RefusalEvent>(event)) {
    mark.kind = "refusal";
    mark.text = refusal->frontend + " was refused " +
                (refusal->server.empty() ? "a thread" : "its place at " + refusal->server) + ": " +
                errno_name(refusal->error);
  } else if (const auto* admission = as<AdmissionEvent>(event)) {
    mark.kind = "admission";
    mark.text = admission->frontend + " was kept out, by the room of " + admission->member;
  } else if (const auto* alarm = as<AlarmEvent>(event)) {
    mark.kind = "alarm";
    mark.text = alarm->frontend + " raised its alarm: " + std::to_string(alarm->used) + " of " +
                alarm->limit + " " + std::to_string(alarm->value);
  } else if (const auto* fault = as<FaultEvent>(event)) {
    mark.kind = fault->kind;
    mark.text = fault->target + " " + fault->kind;
    if (!fault->detail.empty()) mark.text += ": " + fault->detail;
  } else if (const auto* ended = as<DependentEndEvent>(event)) {
    mark.kind = "dependent ended";
    mark.text = ended->dependent + " ended: " + ended->detail;
  } else if (const auto* audit = as<AuditEvent>(event)) {
    mark.kind = "audit";
    mark.text = std::to_string(audit->records) + " records listed";
  } else if (const auto* end = as<ArmEndEvent>(event)) {
    mark.kind = "end";
    mark.text = "the arm ended: " + end->reason;
  }
  return mark;
}

/// Of one kind: those on the way to one size, or, given a `stretch_s`, those of one stretch, are
/// one mark.
std::vector<Mark> together(const std::vector<Mark>& all, double from_s, double stretch_s) {
  std::vector<Mark> marks;
  std::map<std::pair<std::string, int>, std::size_t> places;
  for (const Mark& mark : all) {
    const int stretch =
        stretch_s > 0 ? static_cast<int>((mark.t_s - from_s) / stretch_s) : mark.step;
    const auto [place, is_new] = places.try_emplace({mark.kind, stretch}, marks.size());
    if (is_new) {
      marks.push_back(mark);
      continue;
    }
    Mark& first = marks[place->second];
    first.count += mark.count;
    first.until_s = std::max(first.until_s, mark.until_s);
  }
  return marks;
}

OrderedJson marks(const ArmEvents& events, double from_s, double to_s) {
  std::vector<Mark> all;
  std::size_t under_way = 0;
  int number = 0;
  for (const Event* event : events) {
    if (const auto* step = as<StepEvent>(event)) {
      for (; under_way < all.size(); ++under_way) all[under_way].fleet_size = step->fleet_size;
      ++number;
    }
    Mark mark = mark_of(event);
    mark.step = number;
    if (!mark.kind.empty()) all.push_back(std::move(mark));
  }
  std::vector<Mark> shown = together(all, from_s, 0);
  if (shown.size() > kMarksDrawn) shown = together(shown, from_s, (to_s - from_s) / kBuckets);
  OrderedJson list = OrderedJson::array();
  for (const Mark& mark : shown)
    list.push_back(
        {{"t_s", shown_s(mark.t_s)},
         {"until_s", shown_s(mark.until_s)},
         {"kind", mark.kind},
         {"count", mark.count},
         {"fleet_size", mark.fleet_size == 0 ? OrderedJson() : OrderedJson(mark.fleet_size)},
         {"text", mark.text}});
  return list;
}

OrderedJson dependents(const ArmEvents& events) {
  std::map<std::string, Points> health;
  std::map<std::string, OrderedJson> ended;
  std::map<std::string, double> reasons = {{"", -1}};
  for (const Event* event : events) {
    if (const auto* seen = as<HealthEvent>(event)) {
      // Not well for another reason is a change as well.
      const auto reason = reasons.try_emplace(seen->reason, reasons.size()).first;
      health[seen->dependent].add(seen->ok ? -2 : reason->second, {{"t_s", shown_s(event->t_s)},
                                                                   {"ok", seen->ok},
                                                                   {"reason", seen->reason},
                                                                   {"buffered", seen->buffered},
                                                                   {"dropped", seen->dropped}});
    } else if (const auto* end = as<DependentEndEvent>(event)) {
      ended[end->dependent] = {{"t_s", shown_s(event->t_s)}, {"detail", end->detail}};
      health[end->dependent];
    }
  }
  OrderedJson list = OrderedJson::array();
  for (const auto& [name, points] : health)
    list.push_back({{"name", name}, {"health", points.json()}, {"ended", ended[name]}});
  return list;
}

}  // namespace

OrderedJson course_json(const ArmEvents& events) {
  double from_s = events.empty() ? 0 : events.front()->t_s;
  double to_s = from_s;
  for (const Event* event : events) {
    from_s = std::min(from_s, event->t_s);  // what clients recorded themselves is taken in later
    to_s = std::max(to_s, event->t_s);
  }
  return {{"from_s", shown_s(from_s)},
          {"to_s", shown_s(to_s)},
          {"steps", steps(events)},
          {"routable", routable(events)},
          {"canary", canary(events, from_s, to_s)},
          {"marks", marks(events, from_s, to_s)},
          {"dependents", dependents(events)}};
}

}  // namespace ceiling
