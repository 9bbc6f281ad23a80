#include "harness/prove/prove.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "cgroups/cgroup.h"
#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "cgroups/limits/memory_max.h"
#include "harness/keeper/keeper.h"
#include "harness/prove/measure.h"

namespace ceiling {
namespace {

constexpr double kShare = 0.8;         // of what others use as well
constexpr std::int64_t kOurTasks = 8;  // keeper, launcher, testees, one between fork and exec
constexpr std::int64_t kBeyond = 32;   // threads asked for above what is predicted
const std::vector<std::string> kControllers = {"pids", "freezer"};

std::int64_t memory_line(const std::string& text, const std::string& key) {
  const auto line = value_of(text, key + ":");
  return line ? parse_count(words(*line).at(0), key).value_or(0) * 1024 : 0;
}

/// A place made for a testee, below a group of the run.
class Copy {
 public:
  Copy(Cgroup& run, const CopyPlan& plan) {
    groups_.push_back(run.child("place"));
    while (groups_.size() < plan.pids_room.size()) groups_.push_back(groups_.back().child("below"));
    std::reverse(groups_.begin(), groups_.end());
  }

  std::vector<int> join() const { return groups_.front().join_descriptors(); }

  /// With the testee in it.
  void limit(const CopyPlan& plan) {
    for (std::size_t i = 0; i < plan.pids_room.size(); ++i) {
      groups_[i].set_pids_max(groups_[i].pids().current + plan.pids_room[i]);
    }
  }

 private:
  std::vector<Cgroup> groups_;  ///< the testee's own first
};

void set_soft(Testee& testee, int resource, const Reading& used, std::optional<std::int64_t> room) {
  if (room) testee.limit(resource, used.number.value_or(0) + *room);
}

/// Fills and limits the testee as the plan says.
void put_in_place(const Hierarchy& hierarchy, Testee& testee, const CopyPlan& plan) {
  if (plan.heap) testee.tell("heap", 0);
  if (plan.memlock_room) testee.tell("lock", 0);
  PlaceFacts own = headroom(hierarchy, {.pid = testee.pid()}).facts.place;
  const std::int64_t missing = plan.maps - own.maps.number.value_or(plan.maps);
  if (missing > 0) testee.tell("maps", missing);
  own = headroom(hierarchy, {.pid = testee.pid()}).facts.place;
  set_soft(testee, RLIMIT_AS, own.vm_size, plan.as_room);
  set_soft(testee, RLIMIT_DATA, own.vm_data, plan.data_room);
  set_soft(testee, RLIMIT_MEMLOCK, own.vm_locked, plan.memlock_room);
  set_soft(testee, RLIMIT_NPROC, seen(1), plan.nproc_room);
}

Measurement measure_copy(const ProofSite& site, Keeper& keeper, const Headroom& target,
                         const SafeNumber& safe) {
  Cgroup run = Cgroup::create(site.hierarchy, Cgroup::kTag + keeper.entry().run_id, kControllers);
  ProcessSpec spec;
  spec.name = "ceiling-testee";
  spec.program = site.testee;
  const EventsMeaning meaning = probe_events_meaning(run, keeper.launcher(), spec);
  const CopyPlan plan = plan_copy(target.facts.place, target.limits);
  Copy copy(run, plan);
  spec.join = copy.join();
  if (!plan.root) spec.uid = keeper.entry().uids.at(0);
  Testee testee(keeper.launcher(), spec);
  testee.tell("stack", target.thread.stack);
  put_in_place(site.hierarchy, testee, plan);
  copy.limit(plan);
  const Drive drive{.stack = target.thread.stack, .most = safe.threads, .beyond = kBeyond};
  Measurement measured = measure(site.hierarchy, testee, drive, meaning);
  testee.end(keeper.launcher());
  return measured;
}

}  // namespace

SafeNumber safe_number(const std::vector<Limit>& shared, std::int64_t memory, std::int64_t most) {
  SafeNumber safe{.threads = most, .because = fmt::format("no more than {} were to be made", most)};
  const auto at_most = [&safe](std::int64_t threads, std::string because) {
    if (threads >= safe.threads) return;
    safe = {std::max<std::int64_t>(0, threads), std::move(because)};
  };
  for (const Limit& limit : shared) {
    if (!limit.applies || !limit.value) continue;
    const auto room = static_cast<std::int64_t>(kShare * static_cast<double>(*limit.value));
    at_most(room - limit.used - kOurTasks,
            fmt::format("more would fill {} ({}), which others share, beyond {:.0f} %", limit.name,
                        limit.where, 100 * kShare));
  }
  at_most(static_cast<std::int64_t>(kShare * static_cast<double>(memory)) / kIdleThreadBytes,
          fmt::format("more would fill the memory beyond {:.0f} %", 100 * kShare));
  return safe;
}

SafeNumber safe_number(const Hierarchy& hierarchy, std::int64_t most) {
  const std::string meminfo = read_file(hierarchy.root() / "proc/meminfo");
  return safe_number(shared_limits(hierarchy), memory_line(meminfo, "MemAvailable"), most);
}

Proof prove(const ProofSite& site, const Headroom& target) {
  if (::geteuid() != 0) {
    throw HostError("a proof makes control groups and private users, which needs root",
                    "sudo ceiling check --prove ...  (without --prove it needs no root)");
  }
  Cgroup::check_place(site.hierarchy, kControllers);
  const SafeNumber safe = safe_number(site.hierarchy, site.most);
  RegistryEntry entry;
  entry.run_id = new_run_id();
  entry.groups = Cgroup::planned_folders(site.hierarchy, Cgroup::kTag + entry.run_id, kControllers);
  Keeper keeper = Keeper::start(site.registry, entry, 1);
  const Measurement measured = measure_copy(site, keeper, target, safe);
  keeper.finish();
  const std::string because = measured.asked == safe.threads ? safe.because : "";
  return conclude(measured, target.binding(), because);
}

}  // namespace ceiling
