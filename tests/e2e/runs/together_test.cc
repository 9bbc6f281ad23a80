#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using TogetherTest = CeilingTest;

TEST_F(TogetherTest, TwoRunsAtOnceDoNotDisturbEachOther) {
  // One counts by groups, the other by users: shared users would show in the second.
  Running first = start_ceiling({"run", file("small.yaml", small_experiment(14, 20, "outage")),
                                 "--format", "json", "--results", "first"});
  Running second =
      start_ceiling({"run", shipped("nproc"), "--format", "json", "--results", "second"});
  const Ended by_groups = first.wait();
  const Ended by_users = second.wait();
  EXPECT_EQ(by_groups.status, 0) << by_groups.err << by_groups.out;
  EXPECT_EQ(by_users.status, 0) << by_users.err << by_users.out;
}

TEST_F(TogetherTest, CleanLeavesALiveRunAlone) {
  Running run = start_ceiling({"run", shipped("nproc")});
  while (run.err().find("unguarded: ") == std::string::npos && !run.ended()) {
    run.ended(std::chrono::milliseconds(10));
  }
  ASSERT_EQ(registered().size(), 1U);
  const std::string run_id = registered().front()["run_id"];
  const Ended clean = run_ceiling({"clean"});
  EXPECT_EQ(clean.status, 0) << clean.err;
  EXPECT_NE(clean.out.find("run " + run_id + ": alive, left alone\n"), std::string::npos)
      << clean.out;
  const Ended ended = run.wait();
  EXPECT_EQ(ended.status, 0) << ended.err << ended.out;
}

}  // namespace
}  // namespace ceiling
