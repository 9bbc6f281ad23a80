#include "harness/prove/measure.h"

#include <algorithm>
#include <cerrno>

#include "cgroups/cgroup.h"
#include "cgroups/error.h"
#include "cgroups/headroom.h"

namespace ceiling {
namespace {

Headroom predict_for(const Hierarchy& hierarchy, Testee& testee, const Drive& drive) {
  Target target{.pid = testee.pid()};
  if (!drive.has_ended_threads) target.heap = testee.heap();
  return headroom(hierarchy, target, {.stack = drive.stack, .count = true});
}

/// Whether the address space has grown by a stack more than threads were made.
std::optional<bool> kept_a_stack(const Headroom& before, const Headroom& after,
                                 std::int64_t heap_growth, std::int64_t made) {
  constexpr std::int64_t kPage = 4096;
  const Reading& small = before.facts.place.vm_size;
  const Reading& large = after.facts.place.vm_size;
  if (!small.number || !large.number) return std::nullopt;
  const std::int64_t each = before.thread.stack + before.thread.guard;
  const std::int64_t heap = (heap_growth + kPage - 1) / kPage * kPage;
  const std::int64_t stacks = *large.number - *small.number - heap;
  if (stacks == made * each) return false;
  if (stacks == (made + 1) * each) return true;
  return std::nullopt;
}

std::vector<GroupEvents> read_events(const Hierarchy& hierarchy, pid_t pid) {
  std::vector<GroupEvents> events;
  if (hierarchy.controller("pids") == nullptr) return events;
  for (const PidsState& state : pids_path(hierarchy, hierarchy.group_of(pid, "pids"))) {
    events.push_back({state.group, state.events, state.events});
  }
  return events;
}

}  // namespace

Measurement measure(const Hierarchy& hierarchy, Testee& testee, const Drive& drive,
                    EventsMeaning meaning) {
  const Headroom before = predict_for(hierarchy, testee, drive);
  Measurement measured;
  measured.predicted = before.limits;
  measured.meaning = meaning;
  measured.asked = drive.most;
  if (const auto most = at_most(before.limits)) {
    measured.asked = std::min(drive.most, *most + drive.beyond);
  }
  measured.events = read_events(hierarchy, testee.pid());
  const std::int64_t heap = testee.heap_bytes();
  const Testee::Creation creation = testee.create(measured.asked);
  const std::vector<GroupEvents> events = read_events(hierarchy, testee.pid());
  for (std::size_t i = 0; i < std::min(events.size(), measured.events.size()); ++i) {
    measured.events[i].after = events[i].after;
  }
  const Headroom after = predict_for(hierarchy, testee, drive);
  measured.after = after.limits;
  measured.made = creation.made;
  measured.error = creation.error;
  measured.probe = creation.probe;
  if (!drive.has_ended_threads) {
    measured.reached_clone = kept_a_stack(before, after, testee.heap_bytes() - heap, creation.made);
  }
  return measured;
}

EventsMeaning probe_events_meaning(Cgroup& parent, Launcher& launcher, ProcessSpec spec) {
  Cgroup limiting = parent.child("limiting");
  Cgroup forking = limiting.child("forking");
  limiting.set_pids_max(1);
  spec.join = forking.join_descriptors();
  Testee testee(launcher, spec);
  const Testee::Creation creation = testee.create(1);
  const bool in_forking = forking.pids().events > 0;
  const bool in_limiting = limiting.pids().events > 0;
  testee.end(launcher);
  limiting.destroy();
  if (creation.error != EAGAIN || in_forking == in_limiting) return EventsMeaning::unknown;
  return in_forking ? EventsMeaning::forking : EventsMeaning::limiting;
}

}  // namespace ceiling
