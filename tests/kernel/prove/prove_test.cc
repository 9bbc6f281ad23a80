#include "harness/prove/prove.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>

#include "cgroups/cgroup.h"
#include "cgroups/error.h"
#include "harness/keeper/keeper.h"
#include "harness/prove/testee.h"
#include "tests/support/spawn/support.h"

namespace ceiling {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

const uid_t kUid = 1'810'000'000 + static_cast<uid_t>(::getpid());

class Prove : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = missing_privilege(); !missing.empty()) GTEST_SKIP() << missing;
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  }
  void TearDown() override {
    if (IsSkipped()) return;
    EXPECT_TRUE(all_reaped()) << "a process is left";
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path())) << "an entry of the registry is left";
  }

  ProofSite site() const { return {hierarchy_, Registry(folder_.path()), CEILING_TESTEE}; }

  /// A target with three threads, in a group of its own.
  struct Target {
    TestLauncher launcher;
    Cgroup group;
    Testee testee;

    Target(const Hierarchy& hierarchy, std::optional<uid_t> uid)
        : group(Cgroup::create(hierarchy, "ceiling-prove-test-" + std::to_string(::getpid()),
                               {"pids", "freezer"})),
          testee(*launcher, spec(group, uid)) {
      testee.make(2);
    }
    static ProcessSpec spec(const Cgroup& group, std::optional<uid_t> uid) {
      ProcessSpec made;
      made.name = "target";
      made.program = CEILING_TESTEE;
      made.join = group.join_descriptors();
      made.uid = uid;
      return made;
    }
  };

  Headroom headroom_of(Target& target) {
    return headroom(hierarchy_, {.pid = target.testee.pid(), .heap = target.testee.heap()},
                    {.stack = 64 * 1024, .count = true});
  }

  const Hierarchy hierarchy_ = Hierarchy::detect();
  const TemporaryFolder folder_;
};

TEST_F(Prove, PidsMaxIsConfirmed) {
  Target target(hierarchy_, kUid);
  target.group.set_pids_max(20);
  const Proof proof = prove(site(), headroom_of(target));
  EXPECT_EQ(proof.verdict, Verdict::confirmed) << proof.reason;
  EXPECT_EQ(proof.binding, "pids.max");
  EXPECT_EQ(proof.made, 17);
  EXPECT_EQ(proof.predicted_least, 17);
  EXPECT_EQ(proof.predicted_most, 17);
  EXPECT_EQ(proof.error, EAGAIN);
  EXPECT_EQ(proof.attribution.limit, "pids.max");
  EXPECT_EQ(target.testee.create(30).made, 17) << "and so it is in the place itself";
}

TEST_F(Prove, LimitsOfTheProcessAreConfirmed) {
  for (const auto& [resource, name] : {std::pair{RLIMIT_NPROC, "RLIMIT_NPROC"},
                                       {RLIMIT_AS, "RLIMIT_AS"},
                                       {RLIMIT_DATA, "RLIMIT_DATA"}}) {
    Target target(hierarchy_, kUid);
    const PlaceFacts place = headroom_of(target).facts.place;
    const std::int64_t bytes = std::int64_t{2} << 20;
    const std::int64_t used = resource == RLIMIT_AS     ? *place.vm_size.number
                              : resource == RLIMIT_DATA ? *place.vm_data.number
                                                        : 3;
    target.testee.limit(resource, used + (resource == RLIMIT_NPROC ? 30 : bytes));
    const Headroom there = headroom_of(target);
    const Proof proof = prove(site(), there);
    EXPECT_EQ(proof.verdict, Verdict::confirmed) << name << ": " << proof.reason;
    EXPECT_EQ(proof.attribution.limit, name);
    EXPECT_EQ(proof.made, there.threads_left()) << name;
  }
}

TEST_F(Prove, AncestorOfTheGroupIsCopiedAsWell) {
  Target target(hierarchy_, {});
  Headroom there = headroom_of(target);
  // As if its group stood below one with less room.
  there.facts.place.pids.front().max = 100;
  there.facts.place.pids.insert(there.facts.place.pids.begin() + 1, {"/above", "", 50, 41});
  const Proof proof = prove(site(), headroom(there.facts, {.stack = 64 * 1024}));
  EXPECT_EQ(proof.verdict, Verdict::confirmed) << proof.reason;
  EXPECT_EQ(proof.made, 9);
  // Every limited group has one in the copy, that one is the second from below.
  const auto& path = there.facts.place.pids;
  const auto limited =
      std::count_if(path.begin(), path.end(), [](const GroupFacts& group) { return group.max; });
  std::string second = "/place";
  for (auto level = limited; level > 2; --level) second += "/below";
  EXPECT_THAT(proof.attribution.where, EndsWith(second + "/pids.max"));
}

TEST_F(Prove, WhatIsTooFarIsNotReached) {
  Target target(hierarchy_, {});
  ProofSite near = site();
  near.most = 50;
  const Proof proof = prove(near, headroom_of(target));
  EXPECT_EQ(proof.verdict, Verdict::unknown);
  EXPECT_EQ(proof.made, 50);
  EXPECT_EQ(proof.error, 0);
  EXPECT_EQ(proof.reason,
            "not reached: none of 50 threads was refused: no more than 50 were to be made");
}

TEST_F(Prove, WhatOthersShareIsNotFilled) {
  Limit shared;
  shared.name = "kernel.threads-max";
  shared.value = 1000;
  shared.used = 300;
  constexpr std::int64_t kGiB = std::int64_t{1} << 30;
  const SafeNumber safe = safe_number({shared}, kGiB, 5000);
  EXPECT_EQ(safe.threads, 800 - 300 - 8) << "eight tasks are the proof's own";
  EXPECT_THAT(safe.because, HasSubstr("kernel.threads-max"));
  EXPECT_EQ(safe_number({}, 1'000'000, 5000).threads, 800'000 / 31'700);
  EXPECT_EQ(safe_number({}, kGiB, 5000).threads, 5000);
  shared.used = 900;
  EXPECT_EQ(safe_number({shared}, kGiB, 5000).threads, 0);
}

TEST_F(Prove, AnotherLimitThanThatOfThePlaceIsUnknown) {
  Target target(hierarchy_, kUid);
  target.group.set_pids_max(20);
  Headroom there = headroom_of(target);
  // A row that a copy cannot have.
  Limit other = there.limits.front();
  other.name = "memory.max";
  there.limits.insert(there.limits.begin(), other);
  const Proof proof = prove(site(), there);
  EXPECT_EQ(proof.verdict, Verdict::unknown);
  EXPECT_EQ(proof.reason,
            "pids.max binds the copy of the place, memory.max binds the place itself");
}

TEST_F(Prove, KilledInTheMiddleLeavesNothing) {
  Target target(hierarchy_, kUid);
  target.group.set_pids_max(2000);
  const Headroom there = headroom_of(target);
  const pid_t harness = ::fork();
  if (harness == 0) {
    for (;;) prove(site(), there);
  }
  // Its entry is there before anything else is.
  while (Registry(folder_.path()).entries().empty()) {
    ASSERT_EQ(::waitpid(harness, nullptr, WNOHANG), 0);
  }
  ::kill(harness, SIGKILL);
  ASSERT_EQ(::waitpid(harness, nullptr, 0), harness);
  target.testee.end(*target.launcher);
  target.launcher.close();
  EXPECT_TRUE(all_reaped(std::chrono::seconds(10)));
}

TEST_F(Prove, ZzNothingIsLeft) {
  for (const auto& planned : Cgroup::planned_folders(hierarchy_, "ceiling-any", {"pids"})) {
    for (const auto& entry : std::filesystem::directory_iterator(planned.parent_path())) {
      EXPECT_THAT(
          entry.path().filename().string(),
          testing::Not(testing::StartsWith("ceiling-prove-test-" + std::to_string(::getpid()))));
    }
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace ceiling
