#include <gtest/gtest.h>

#include <cerrno>

#include "cgroups/headroom.h"
#include "cgroups/kernel_release.h"

namespace ceiling {
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;

/// A small process with nothing limited, that says what its heap has free.
Facts roomy() {
  Facts facts;
  for (Reading* limit : {&facts.place.nproc, &facts.place.as, &facts.place.data,
                         &facts.place.memlock, &facts.place.nofile}) {
    *limit = seen(std::nullopt);
  }
  facts.host.kernel = "6.18.44";
  facts.host.tasks = facts.place.uid_tasks = seen(100);
  facts.host.threads_max = seen(1'000'000);
  facts.host.pid_max = seen(4'194'304);
  facts.host.last_pid = 5000;
  facts.host.pids_counted = true;
  facts.host.max_map_count = seen(65'530);
  facts.host.overcommit_memory = seen(0);
  facts.place.pid = 4242;
  facts.place.uid = 1000;
  facts.place.stack = seen(8 * kMiB);
  facts.place.vm_size = seen(4 * kMiB);
  facts.place.vm_data = seen(1 * kMiB);
  facts.place.vm_locked = seen(0);
  facts.place.maps = seen(30);
  facts.place.descriptors = seen(3);
  facts.place.heap =
      HeapFacts{.free_at_least = 100'000, .free_at_most = 100'000, .per_thread = 304};
  return facts;
}

Limit row(const Facts& facts, const std::string& name, const Question& question = {}) {
  for (const Limit& limit : headroom(facts, question).limits) {
    if (limit.name == name) return limit;
  }
  throw std::out_of_range(name);
}

TEST(Rules, MapsAreTwoAThreadAndOneForTheFirstHeap) {
  for (const auto& [used, left] : {std::pair{65'510, 10}, {65'509, 10}, {65'508, 11}}) {
    Facts facts = roomy();
    facts.place.maps = seen(used);
    EXPECT_EQ(row(facts, "vm.max_map_count").threads_left, left) << used;
    facts.place.has_heap = false;
    EXPECT_EQ(row(facts, "vm.max_map_count").threads_left, (65'530 - used - 1) / 2) << used;
  }
}

// brk needs fewer than N+1 maps, as mmap does: it may take one that no stack can be split from.
TEST(Rules, TheLastTwoMapsAreALowerBoundWhileThereIsNoHeap) {
  for (const int left : {1, 2, 3}) {
    Facts facts = roomy();
    facts.place.maps = seen(65'530 - left);
    EXPECT_TRUE(row(facts, "vm.max_map_count").exact()) << left;
    EXPECT_EQ(row(facts, "vm.max_map_count").threads_left, left / 2);
    facts.place.has_heap = false;
    EXPECT_EQ(row(facts, "vm.max_map_count").exact(), left != 2) << left;
    EXPECT_EQ(row(facts, "vm.max_map_count").threads_left, (left - 1) / 2);
  }
}

TEST(Rules, MapsAreALowerBoundWhereStacksMerge) {
  Facts facts = roomy();
  EXPECT_TRUE(row(facts, "vm.max_map_count").exact());
  for (const char* kernel : {"6.6.30", "6.1.0-32-cloud-amd64", "5.15", ""}) {
    facts.host.kernel = kernel;
    EXPECT_EQ(row(facts, "vm.max_map_count").certainty, Certainty::at_least) << kernel;
    EXPECT_EQ(row(facts, "vm.max_map_count").threads_left, (65'530 - 30) / 2);
  }
}

TEST(Rules, AddressSpaceIsStackAndGuardEach) {
  Facts facts = roomy();
  facts.place.as = seen(1024 * kMiB);
  const Limit found = row(facts, "RLIMIT_AS");
  EXPECT_EQ(found.threads_left, (1024 - 4) * kMiB / (8 * kMiB + 4 * kKiB));
  EXPECT_TRUE(found.exact());
  EXPECT_EQ(found.refusal_errno, EAGAIN);
}

TEST(Rules, SmallStacksLetTheHeapGrow) {
  Facts facts = roomy();
  // 328 threads find room in the heap; the next one needs 132 KiB more of it.
  facts.place.as = seen(4 * kMiB + 330 * 20 * kKiB);
  EXPECT_EQ(row(facts, "RLIMIT_AS", {.stack = 16 * kKiB}).threads_left, 328);
  facts.place.as = seen(4 * kMiB + 330 * 20 * kKiB + 132 * kKiB);
  EXPECT_EQ(row(facts, "RLIMIT_AS", {.stack = 16 * kKiB}).threads_left, 330 + 132 / 20 - 6);
}

TEST(Rules, FirstUseOfTheHeapTakesItsShare) {
  Facts facts = roomy();
  // 132 KiB less 656 bytes of it serve 442 threads, the 443rd makes the heap grow again.
  facts.place.heap =
      HeapFacts{.free_at_least = 0, .free_at_most = 0, .per_thread = 304, .first_use = 656};
  facts.place.as = seen(4 * kMiB + 132 * kKiB + 447 * 20 * kKiB);
  EXPECT_EQ(row(facts, "RLIMIT_AS", {.stack = 16 * kKiB}).threads_left, 442);
  facts.place.heap->first_use = 0;
  EXPECT_EQ(row(facts, "RLIMIT_AS", {.stack = 16 * kKiB}).threads_left, 444);
}

TEST(Rules, LastStackOfTheAddressSpaceIsNotAskedForItsData) {
  Facts facts = roomy();
  const Question question{.stack = 64 * kKiB};
  facts.place.data = seen(1 * kMiB + 10 * 64 * kKiB);
  facts.place.as = seen(4 * kMiB + 11 * 68 * kKiB + 60 * kKiB);
  EXPECT_EQ(row(facts, "RLIMIT_DATA", question).threads_left, 11);
  EXPECT_EQ(headroom(facts, question).binding()->name, "RLIMIT_AS");
  // With room for a stack more it is asked.
  facts.place.as = seen(4 * kMiB + 11 * 68 * kKiB + 64 * kKiB);
  EXPECT_EQ(row(facts, "RLIMIT_DATA", question).threads_left, 10);
  EXPECT_EQ(headroom(facts, question).binding()->name, "RLIMIT_DATA");
  // Where the heap grows with that thread, it is asked for the heap.
  facts.place.heap->free_at_least = facts.place.heap->free_at_most = 10 * 304 + 32;
  facts.place.as = seen(4 * kMiB + 11 * 68 * kKiB + 60 * kKiB);
  EXPECT_EQ(row(facts, "RLIMIT_DATA", question).threads_left, 10);
}

TEST(Rules, ForeignProcessGetsALowerBound) {
  Facts facts = roomy();
  facts.place.as = seen(64 * kMiB);
  const auto own = row(facts, "RLIMIT_AS", {.stack = 64 * kKiB}).threads_left;
  facts.place.heap.reset();
  const Limit found = row(facts, "RLIMIT_AS", {.stack = 64 * kKiB});
  EXPECT_EQ(found.certainty, Certainty::at_least);
  EXPECT_LT(found.threads_left, own);
  EXPECT_EQ(found.at_most(), std::nullopt);
}

TEST(Rules, DataDoesNotCountTheGuard) {
  Facts facts = roomy();
  facts.place.data = seen(1 * kMiB + 10 * 64 * kKiB);
  EXPECT_EQ(row(facts, "RLIMIT_DATA", {.stack = 64 * kKiB}).threads_left, 10);
}

TEST(Rules, LockedMemoryBindsWhereSomethingIsLockedAndNothingExempts) {
  Facts facts = roomy();
  facts.place.memlock = seen(8 * kMiB);
  EXPECT_FALSE(row(facts, "RLIMIT_MEMLOCK").applies);
  facts.place.vm_locked = seen(100 * kKiB);
  const Limit found = row(facts, "RLIMIT_MEMLOCK", {.stack = 1 * kMiB});
  EXPECT_TRUE(found.applies);
  EXPECT_EQ(found.threads_left, 7);
  EXPECT_EQ(found.certainty, Certainty::at_least) << "MCL_FUTURE cannot be seen";
  facts.place.caps_exempt_memlock = true;
  EXPECT_FALSE(row(facts, "RLIMIT_MEMLOCK").applies);
}

TEST(Rules, CommitIsAnEstimateAndCountsOnlyInMode2) {
  Facts facts = roomy();
  facts.host.commit_limit = seen(1000 * kMiB);
  facts.host.committed = seen(200 * kMiB);
  facts.host.memory = 1000 * kMiB;
  EXPECT_FALSE(row(facts, "vm.overcommit_memory").applies);
  facts.host.overcommit_memory = seen(2);
  const Limit found = row(facts, "vm.overcommit_memory");
  EXPECT_EQ(found.threads_left, 100);
  EXPECT_EQ(found.certainty, Certainty::estimate);
  EXPECT_EQ(found.error, 1) << "4 MiB of 8 MiB stacks, rounded up";
  facts.host.user_reserve = 128 * kMiB;
  EXPECT_EQ(row(facts, "vm.overcommit_memory").threads_left, 96) << "a 32nd of each is kept";
  facts.host.user_reserve = 16 * kMiB;
  EXPECT_EQ(row(facts, "vm.overcommit_memory").threads_left, 98) << "no more than the reserve";
}

TEST(Rules, MemoryOfAGroupEndsInTheOomKiller) {
  Facts facts = roomy();
  facts.place.memory = {{"/a", "/a/memory.max", 8 * kMiB, 1 * kMiB}, {"/", "/memory.max", {}, 0}};
  const Limit found = row(facts, "memory.max");
  EXPECT_EQ(found.threads_left, 7 * kMiB / 31'700);
  EXPECT_EQ(found.certainty, Certainty::estimate);
  EXPECT_EQ(found.refusal_errno, 0);
  facts.place.oom_kills = false;
  EXPECT_EQ(row(facts, "memory.max").refusal_errno, ENOMEM);
}

TEST(Rules, FleetNeedsTwoDescriptorsAPeer) {
  Facts facts = roomy();
  facts.place.nofile = seen(24);
  const Limit found = row(facts, "RLIMIT_NOFILE", {.threads_per_peer = 3});
  EXPECT_EQ(found.threads_left, 30) << "10 peers";
  EXPECT_EQ(found.refusal_errno, EMFILE);
  EXPECT_THROW(row(facts, "RLIMIT_NOFILE"), std::out_of_range) << "no fleet, no row";
}

TEST(Rules, PlaceWithoutAProcessHasNoRowsOverOne) {
  Facts facts = roomy();
  facts.place.pid = 0;
  facts.place.as = facts.place.data = facts.place.memlock = seen(1);
  for (const char* name : {"RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_MEMLOCK", "vm.max_map_count"}) {
    EXPECT_FALSE(row(facts, name).applies) << name;
  }
}

TEST(Rules, UnlimitedStackIsTwoMiB) {
  Facts facts = roomy();
  facts.place.stack = seen(std::nullopt);
  EXPECT_EQ(default_thread(facts.place).stack, 2 * kMiB);
  facts.place.stack = seen(1);
  EXPECT_EQ(default_thread(facts.place).stack, 16 * kKiB);
}

/// All four of the kernel's own counts full at once, and what binds when the first is taken away.
TEST(Rules, EquallyNearLimitsStandInTheKernelsOrder) {
  Facts facts = roomy();
  facts.place.nproc = seen(110);
  facts.host.threads_max = seen(110);
  facts.host.pid_max = seen(310);
  facts.place.pids = {{"/a", "/a/pids.max", 20, 10}};
  std::vector<std::string> names;
  for (const Limit& limit : headroom(facts).limits) {
    if (limit.applies && limit.threads_left == 10) names.push_back(limit.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"RLIMIT_NPROC", "kernel.threads-max", "kernel.pid_max",
                                             "pids.max"}));
}

TEST(KernelRelease, IsComparedByItsTwoNumbers) {
  EXPECT_TRUE(is_linux_from("6.14.0", 6, 14));
  EXPECT_TRUE(is_linux_from("7.0.1", 6, 14));
  EXPECT_FALSE(is_linux_from("6.12.117+deb12-cloud-amd64", 6, 14));
  EXPECT_FALSE(is_linux_from("6.9", 6, 14)) << "numbers, not text";
  EXPECT_FALSE(is_linux_from("unknown", 1, 0));
}

TEST(Certainty, SaysWhatAVerdictMayRestOn) {
  const auto limit = [](Certainty certainty) {
    Limit made;
    made.threads_left = 10;
    made.certainty = certainty;
    if (certainty == Certainty::estimate) made.error = 3;
    if (certainty == Certainty::unknown) made.threads_left.reset();
    return made;
  };
  using Bound = std::optional<std::int64_t>;
  EXPECT_EQ(limit(Certainty::exact).at_least(), Bound(10));
  EXPECT_EQ(limit(Certainty::exact).at_most(), Bound(10));
  EXPECT_EQ(limit(Certainty::at_least).at_least(), Bound(10));
  EXPECT_EQ(limit(Certainty::at_least).at_most(), Bound());
  EXPECT_EQ(limit(Certainty::at_most).at_least(), Bound(0));
  EXPECT_EQ(limit(Certainty::at_most).at_most(), Bound(10));
  EXPECT_EQ(limit(Certainty::estimate).at_least(), Bound(7));
  EXPECT_EQ(limit(Certainty::estimate).at_most(), Bound(13));
  EXPECT_EQ(limit(Certainty::unknown).at_least(), Bound(0));
  EXPECT_EQ(limit(Certainty::unknown).at_most(), Bound());
}

}  // namespace
}  // namespace ceiling
