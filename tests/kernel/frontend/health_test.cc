// Membership's health check on real frontends: who is stopped is removed, who runs is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

#include "tests/kernel/frontend/small_fleet.h"
#include "workload/protocol/process.h"

namespace ceiling::testing_programs {
namespace {

using testing::HasSubstr;

constexpr const char* kTimeoutMs = "400";

class HealthCheckOfFrontends : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left"; }

  void start(SmallFleet& fleet) const {
    for (int i = 0; i < 3; ++i) fleet.add();
    for (std::size_t i = 0; i < 3; ++i) fleet.complete(i, 1);
  }
};

TEST_F(HealthCheckOfFrontends, OneThatIsStoppedIsRemovedAndEndsOnceItIsContinued) {
  SmallFleet fleet(3, 1, {"--health-timeout-ms", kTimeoutMs});
  start(fleet);
  fleet.frontend(1).signal(SIGSTOP);
  for (const std::size_t healthy : {std::size_t{0}, std::size_t{2}}) {
    EXPECT_EQ(fleet.complete(healthy, 2).members(), 2U);
  }
  fleet.membership_program().wait_for_log("frontend-2 is removed: it did not answer for ");
  fleet.frontend(1).signal(SIGCONT);
  EXPECT_THAT(fleet.frontend(1).wait_for_log("without an answer"),
              HasSubstr("removed by membership after "));
  const int status = fleet.frontend(1).end(0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), wire::kRemoved);
  EXPECT_EQ(WEXITSTATUS(status), 75);
  // Nothing but the removal made a version, and it can come back by its old name.
  Program again = start_frontend("frontend-2", fleet.membership(), status_name());
  EXPECT_EQ(fleet.complete(0, 3).members(), 3U);
}

// Twice the timeout and more is spent on other members' removal: who answers has been asked often.
TEST_F(HealthCheckOfFrontends, OthersStayThroughSeveralRemovals) {
  SmallFleet fleet(3, 1, {"--health-timeout-ms", kTimeoutMs});
  start(fleet);
  fleet.frontend(1).signal(SIGSTOP);
  EXPECT_EQ(fleet.complete(0, 2).members(), 2U);
  fleet.frontend(2).signal(SIGSTOP);
  EXPECT_EQ(fleet.complete(0, 3).members(), 1U);
}

TEST_F(HealthCheckOfFrontends, WithoutATimeoutNobodyIsRemoved) {
  SmallFleet fleet(3);
  start(fleet);
  fleet.frontend(1).signal(SIGSTOP);
  fleet.frontend(2).end(SIGKILL);
  // The next version is made by the one that is gone; the stopped one is still a member of it.
  const wire::Status status = wait_for_status(
      fleet.status_of(0), [](const wire::Status& one) { return one.members_version() == 2; });
  EXPECT_EQ(status.members(), 2U);
}

}  // namespace
}  // namespace ceiling::testing_programs
