#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>

#include "tests/kernel/frontend/small_fleet.h"
#include "workload/protocol/thread_accounting.h"

namespace ceiling::testing_programs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using wire::Status;

class FrontendProgram : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left"; }
};

// The law that every prediction rests on.
TEST_F(FrontendProgram, HasItsBaseAndSoManyThreadsForEachPeer) {
  for (int per_peer = 1; per_peer <= 4; ++per_peer) {
    SmallFleet fleet(2, per_peer);
    fleet.add();
    EXPECT_EQ(fleet.status(0).threads(), static_cast<std::uint32_t>(wire::kFrontendBaseTasks));
    EXPECT_EQ(fleet.frontend(0).tasks(), static_cast<std::size_t>(wire::kFrontendBaseTasks));
    fleet.add();
    fleet.add();
    // The third may come with the second or after it: its version completes in all of them.
    for (std::size_t i = 0; i < 3; ++i) {
      const Status status = fleet.complete(i, 2);
      const auto tasks = static_cast<std::uint32_t>(wire::kFrontendBaseTasks + 2 * per_peer);
      EXPECT_EQ(status.threads(), tasks) << per_peer << " threads per peer";
      EXPECT_EQ(fleet.frontend(i).tasks(), tasks) << per_peer << " threads per peer";
    }
  }
}

TEST_F(FrontendProgram, APeerThatIsGoneCostsNoThreadAnyMore) {
  SmallFleet fleet(3);
  for (int i = 0; i < 3; ++i) fleet.add();
  for (std::size_t i = 0; i < 3; ++i) fleet.complete(i, 1);
  fleet.frontend(2).end(SIGKILL);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(fleet.complete(i, 2).members(), 2U);
    // The map does not wait for it: asked again until the kernel has released the task.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (fleet.frontend(i).tasks() != 4 && std::chrono::steady_clock::now() < until) continue;
    EXPECT_EQ(fleet.frontend(i).tasks(), 4U);
  }
}

// With a budget of one thread a fleet of four is complete all the same.
TEST_F(FrontendProgram, PeersBeyondTheBudgetAreServedByTheEventLoop) {
  SmallFleet fleet(4);
  for (int i = 0; i < 4; ++i) fleet.add({"--guardrail", "multiplex", "--thread-budget", "1"});
  for (std::size_t i = 0; i < 4; ++i) {
    const Status status = fleet.complete(i, 1);
    EXPECT_EQ(status.members(), 4U);
    EXPECT_EQ(status.map().routes_size(), 4);
    EXPECT_EQ(status.peers_on_loop(), 2U);
    EXPECT_THAT(status.guardrails(), ElementsAre("multiplex"));
    EXPECT_EQ(fleet.frontend(i).tasks(), 4U);
  }
}

TEST_F(FrontendProgram, AThreadThatIsFreeIsTakenFromTheEventLoop) {
  SmallFleet fleet(3);
  for (int i = 0; i < 3; ++i) fleet.add({"--guardrail", "multiplex", "--thread-budget", "1"});
  for (std::size_t i = 0; i < 3; ++i) fleet.complete(i, 1);
  fleet.frontend(1).end(SIGKILL);  // the first has its thread for it
  // The map does not wait for the thread either.
  const Status status = wait_for_status(fleet.status_of(0), [](const Status& now) {
    return now.build().version() == 2 && now.peers_on_loop() == 0;
  });
  EXPECT_EQ(status.members(), 2U);
  EXPECT_EQ(fleet.complete(2, 2).members(), 2U);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (fleet.frontend(0).tasks() != 4 && std::chrono::steady_clock::now() < until) continue;
  EXPECT_EQ(fleet.frontend(0).tasks(), 4U);
}

TEST_F(FrontendProgram, APeerHasAllOfItsThreadsOrNone) {
  SmallFleet fleet(3, 2);
  for (int i = 0; i < 3; ++i) fleet.add({"--guardrail", "multiplex", "--thread-budget", "3"});
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(fleet.complete(i, 1).peers_on_loop(), 2U) << "both connections of one peer";
    EXPECT_EQ(fleet.frontend(i).tasks(), 5U);
  }
}

TEST_F(FrontendProgram, SaysAllOfItsStateInItsStatus) {
  SmallFleet fleet(2);
  fleet.add();
  const Status early = fleet.status(0);
  EXPECT_EQ(early.name(), "frontend-1");
  EXPECT_EQ(early.role(), wire::ROLE_FRONTEND);
  EXPECT_EQ(early.pid(), static_cast<std::uint32_t>(fleet.frontend(0).pid()));
  EXPECT_EQ(early.members_version(), 0U);
  EXPECT_EQ(early.build().state(), wire::BUILD_NONE);
  EXPECT_FALSE(early.map().complete());
  EXPECT_FALSE(early.in_service());
  fleet.add({"--guardrail", "staged-build"});
  const Status first = fleet.complete(0, 1);
  const Status second = fleet.complete(1, 1);
  for (const Status& status : {first, second}) {
    EXPECT_EQ(status.members_version(), 1U);
    EXPECT_EQ(status.members(), 2U);
    EXPECT_EQ(status.build().reason(), "");
    EXPECT_EQ(status.map().version(), 1U);
    EXPECT_TRUE(status.map().complete());
    EXPECT_NE(status.map().digest(), 0U);
    EXPECT_EQ(status.map().routes_size(), 4);
    EXPECT_FALSE(status.has_refusal());
    EXPECT_TRUE(status.in_service());
    EXPECT_THAT(status.peer_address(), StartsWith("127.0.0.1:"));
    EXPECT_THAT(status.http_address(), StartsWith("127.0.0.1:"));
    EXPECT_EQ(status.protocol_errors(), 0U);
  }
  EXPECT_EQ(first.map().digest(), second.map().digest());
  EXPECT_NE(first.peer_address(), second.peer_address());
  EXPECT_THAT(first.guardrails(), IsEmpty());
  EXPECT_THAT(second.guardrails(), ElementsAre("staged-build"));
}

TEST_F(FrontendProgram, ListensForClientsWhereItIsTold) {
  SmallFleet fleet(1);
  fleet.add();
  const std::string taken = fleet.complete(0, 1).http_address();
  Program late(CEILING_FRONTEND, {"--name", "a", "--membership", fleet.membership(), "--status",
                                  status_name(), "--listen", taken});
  late.wait_for_log("Address already in use");
  const int refused = late.end(0);
  EXPECT_TRUE(WIFEXITED(refused) && WEXITSTATUS(refused) == 69) << refused;

  fleet.frontend(0).end(SIGKILL);
  fleet.add({"--listen", taken});
  EXPECT_EQ(fleet.status(1).http_address(), taken);
}

TEST_F(FrontendProgram, EndsCleanlyOnASignalAndWithMembership) {
  for (const int number : {SIGTERM, SIGINT}) {
    SmallFleet fleet(1);
    fleet.add();
    fleet.complete(0, 1);
    const int status = fleet.frontend(0).end(number);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  SmallFleet fleet(1);
  Program& frontend = fleet.add();
  fleet.complete(0, 1);
  fleet.membership_program().end(SIGKILL);
  frontend.wait_for_log("membership is gone");
  const int status = frontend.end(0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
}

TEST_F(FrontendProgram, BadUsageIsExitStatus64) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"--name", "a", "--membership", "127.0.0.1:1"},
      {"--name", "a", "--membership", "localhost:1", "--status", status_name()},
      {"--name", "a", "--membership", "127.0.0.1:1", "--status", "fd:x"},
      {"--name", "a", "--membership", "127.0.0.1:1", "--status", status_name(), "--guardrail", "x"},
      {"--name", "a", "--membership", "127.0.0.1:1", "--status", status_name(), "--listen", "8080"},
      {"--name", "a", "--membership", "127.0.0.1:1", "--status", status_name(), "--listen",
       "0.0.0.0:8080"},
      {"--name", "a", "--membership", "127.0.0.1:1", "--status", status_name(), "surplus"}};
  for (const auto& arguments : wrong) {
    const int status = Program(CEILING_FRONTEND, arguments).end(0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 64)
        << status << " for " << testing::PrintToString(arguments);
  }
  const int status =
      Program(CEILING_FRONTEND,
              {"--name", "a", "--membership", "127.0.0.1:1", "--status", status_name()}, "")
          .end(0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 64) << "without a token";
}

}  // namespace
}  // namespace ceiling::testing_programs
