#include "harness/prove/proof.h"

#include <fmt/format.h>

#include <algorithm>

namespace ceiling {
namespace {

std::optional<std::int64_t> room_of(const std::vector<Limit>& rows, const std::string& name) {
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&name](const Limit& candidate) { return candidate.name == name; });
  if (row == rows.end() || !row->applies || !row->value) return std::nullopt;
  if (row->certainty == Certainty::unknown) return std::nullopt;
  return std::max<std::int64_t>(0, *row->value - row->used);
}

const Limit* first_of(const std::vector<Limit>& rows) {
  const bool limits = !rows.empty() && rows.front().applies && rows.front().threads_left;
  return limits ? &rows.front() : nullptr;
}

}  // namespace

CopyPlan plan_copy(const PlaceFacts& place, const std::vector<Limit>& rows) {
  CopyPlan plan;
  plan.root = place.uid == 0;
  for (const GroupFacts& group : place.pids) {
    if (group.max) plan.pids_room.push_back(std::max<std::int64_t>(0, *group.max - group.current));
  }
  plan.nproc_room = room_of(rows, "RLIMIT_NPROC");
  plan.as_room = room_of(rows, "RLIMIT_AS");
  plan.data_room = room_of(rows, "RLIMIT_DATA");
  plan.memlock_room = room_of(rows, "RLIMIT_MEMLOCK");
  plan.maps = place.maps.number.value_or(0);
  plan.heap = place.pid != 0 && place.has_heap;
  return plan;
}

Proof conclude(const Measurement& measured, const Limit* target, std::string asked_because) {
  const Judgement judged = judge(measured);
  const Limit* first = first_of(measured.predicted);
  Proof proof{.verdict = judged.verdict,
              .reason = judged.reason,
              .predicted_least = at_least(measured.predicted),
              .predicted_most = at_most(measured.predicted),
              .binding = first == nullptr ? "" : first->name,
              .asked = measured.asked,
              .asked_because = std::move(asked_because),
              .made = measured.made,
              .error = measured.error,
              .attribution = judged.attribution};
  const std::string there = target == nullptr ? "" : target->name;
  if (proof.verdict == Verdict::confirmed && proof.binding != there) {
    proof.verdict = Verdict::unknown;
    proof.reason = fmt::format("{} binds the copy of the place, {} binds the place itself",
                               proof.binding, there.empty() ? "nothing" : there);
  }
  if (proof.verdict == Verdict::unknown && measured.error == 0 && !proof.asked_because.empty()) {
    proof.reason += ": " + proof.asked_because;
  }
  return proof;
}

}  // namespace ceiling
