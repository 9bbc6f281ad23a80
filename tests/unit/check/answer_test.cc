#include "harness/check/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/check/facts.h"

namespace ceiling::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Need threads(std::int64_t count) {
  Need need;
  need.threads = count;
  return need;
}

Need fleet(std::int64_t peers, std::int64_t each) {
  Need need;
  need.peers = peers;
  need.threads_per_peer = each;
  return need;
}

TEST(Answer, HoldsUpToTheBindingLimitAndNotOneBeyond) {
  const Subject subject = subject_of(facts_of_a_process());
  EXPECT_EQ(answer(subject, threads(6)).verdict, Fit::holds);
  const Answer over = answer(subject, threads(7));
  EXPECT_EQ(over.verdict, Fit::exceeded);
  EXPECT_EQ(over.rows.front().limit.name, "pids.max");
  EXPECT_EQ(over.rows.front().fit, Fit::exceeded);
  EXPECT_EQ(over.threads_left, 6);
  EXPECT_EQ(over.reason, "7 more threads are needed, pids.max of /a/b allows 6");
}

TEST(Answer, WithoutANeedItIsOneThread) {
  Facts facts = facts_of_a_process();
  const Answer one = answer(subject_of(facts), {});
  EXPECT_EQ(one.verdict, Fit::holds);
  EXPECT_EQ(one.need.required(), std::nullopt);
  facts.place.pids[0].current = 10;
  EXPECT_EQ(answer(subject_of(facts), {}).verdict, Fit::exceeded);
}

TEST(Answer, ALowerBoundLeavesOpenWhatLiesBeyondIt) {
  Facts facts = facts_of_a_process();
  facts.place.pids.clear();
  facts.host.max_map_count = seen(130);
  const Subject subject = subject_of(facts);
  EXPECT_EQ(answer(subject, threads(50)).verdict, Fit::holds);
  const Answer open = answer(subject, threads(51));
  EXPECT_EQ(open.verdict, Fit::unknown);
  EXPECT_THAT(open.reason, HasSubstr("vm.max_map_count of pid 4242 leaves open"));
}

TEST(Answer, AnUpperBoundHasNoRemedyBelowItsValue) {
  Facts facts = facts_of_a_process();
  facts.host.first_pid_namespace = false;
  const Answer open = answer(subject_of(facts), threads(1));
  EXPECT_EQ(row_of(open, "kernel.pid_max").fit, Fit::unknown);
  EXPECT_EQ(row_of(open, "kernel.pid_max").remedy, "");
}

TEST(Answer, AnUnseenRowIsUnknownUnlessAnotherOneRefuses) {
  Facts facts = facts_of_a_process();
  facts.place.nproc = unseen("not for us");
  const Subject subject = subject_of(facts);
  EXPECT_EQ(answer(subject, threads(6)).verdict, Fit::unknown);
  EXPECT_EQ(answer(subject, threads(7)).verdict, Fit::exceeded);
  EXPECT_THAT(answer(subject, {}).unseen,
              ElementsAre("RLIMIT_NPROC of uid 1000: unknown: not for us"));
}

TEST(Answer, AnEstimateLeavesItsErrorOpen) {
  Facts facts = facts_of_a_process();
  facts.place.pids.clear();
  facts.host.overcommit_memory = seen(2);
  const Subject subject = subject_of(facts);
  const Limit row = row_of(answer(subject, {}), "vm.overcommit_memory").limit;
  ASSERT_GT(row.error, 0);
  EXPECT_EQ(answer(subject, threads(*row.threads_left - row.error)).verdict, Fit::holds);
  EXPECT_EQ(answer(subject, threads(*row.threads_left)).verdict, Fit::unknown);
  EXPECT_EQ(answer(subject, threads(*row.threads_left + row.error)).verdict, Fit::unknown);
  EXPECT_EQ(answer(subject, threads(*row.threads_left + row.error + 1)).verdict, Fit::exceeded);
}

TEST(Answer, AFleetHasOnePeerLessThanMembers) {
  const Subject subject = subject_of(facts_of_a_process());
  const Answer fits = answer(subject, fleet(4, 2));
  EXPECT_EQ(fits.need.required(), 6);
  EXPECT_EQ(fits.largest_fleet, 4);
  EXPECT_EQ(fits.verdict, Fit::holds);
  EXPECT_EQ(answer(subject, fleet(5, 2)).verdict, Fit::exceeded);
  EXPECT_EQ(answer(subject, fleet(5, 2)).largest_fleet, 4);
  EXPECT_EQ(answer(subject, fleet(1, 9)).verdict, Fit::holds) << "a fleet of one has no peers";
}

TEST(Answer, DescriptorsMayEndAFleetFirst) {
  Facts facts = facts_of_a_process();
  facts.place.pids.clear();
  const Answer ends = answer(subject_of(facts), fleet(511, 4));
  EXPECT_EQ(ends.largest_fleet, (1024 - 4) / 2 + 1);
  EXPECT_EQ(ends.verdict, Fit::holds);
  EXPECT_EQ(ends.rows.front().limit.name, "RLIMIT_NOFILE");
  EXPECT_EQ(answer(subject_of(facts), fleet(512, 4)).verdict, Fit::exceeded);
}

TEST(Answer, WhereNothingLimitsThereIsNoLargestFleet) {
  Facts facts = facts_of_a_process();
  facts.place.pids.clear();
  facts.place.pid = 0;
  facts.place.nproc = facts.host.threads_max = facts.host.pid_max = seen(std::nullopt);
  const Answer free = answer(subject_of(facts), fleet(1000, 1));
  EXPECT_FALSE(free.binds);
  EXPECT_EQ(free.largest_fleet, std::nullopt);
  EXPECT_EQ(free.verdict, Fit::holds);
}

TEST(Answer, TheRemedyGivesExactlyWhatIsNeeded) {
  const Subject subject = subject_of(facts_of_a_process());
  const Answer over = answer(subject, threads(20));
  EXPECT_EQ(over.rows.front().remedy, "echo 24 > /sys/fs/cgroup/a/b/pids.max");
  Facts facts = facts_of_a_process();
  facts.host.threads_max = seen(110);
  const Answer both = answer(subject_of(facts), threads(20));
  EXPECT_THAT(row_of(both, "kernel.threads-max").remedy, HasSubstr("kernel.threads-max=120;"));
  EXPECT_EQ(row_of(both, "kernel.pid_max").remedy, "") << "it has room";
}

TEST(Answer, TheSettingOfARowIsShown) {
  Subject subject = subject_of(facts_of_a_process());
  Origin origin;
  origin.text = "/etc/systemd/system/demo.service.d/limit.conf:2";
  subject.settings = {{"pids.max", "/a/b", origin}};
  const Answer given = answer(subject, {});
  EXPECT_EQ(row_of(given, "pids.max", "/a/b").set_by, origin.text);
  EXPECT_EQ(row_of(given, "pids.max", "/a").set_by, "");
}

TEST(Answer, AnotherKernelIsUnknown) {
  Facts facts = facts_of_a_process();
  facts.host.other_kernel = "gVisor";
  EXPECT_EQ(answer(subject_of(facts), threads(1)).verdict, Fit::unknown);
  EXPECT_EQ(answer(subject_of(facts), threads(100)).verdict, Fit::unknown);
}

TEST(Answer, WorseIsExceededBeforeUnknownBeforeHolds) {
  EXPECT_EQ(worse(Fit::holds, Fit::unknown), Fit::unknown);
  EXPECT_EQ(worse(Fit::exceeded, Fit::unknown), Fit::exceeded);
  EXPECT_EQ(worse(Fit::unknown, Fit::exceeded), Fit::exceeded);
  EXPECT_EQ(worse(Fit::holds, Fit::holds), Fit::holds);
}

}  // namespace
}  // namespace ceiling::test
