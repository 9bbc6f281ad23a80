// Frontends whose maps are built by cache servers, all started by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "tests/kernel/frontend/small_fleet.h"
#include "workload/protocol/thread_accounting.h"

namespace ceiling::testing_programs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using wire::Status;

class CacheFleet : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left"; }
};

struct Cache {
  explicit Cache(const SmallFleet& fleet, const std::string& name = "cache-1")
      : status(status_name()),
        program(CEILING_CACHE,
                {"--name", name, "--membership", fleet.membership(), "--status", status}) {
    program.address();  // it listens
  }
  /// Its map of `version` is built, and so many frontends have a connection to it.
  Status at(std::uint64_t version, std::uint32_t subscribers) const {
    return wait_for_status(status, [=](const Status& now) {
      return now.members_version() == version && now.subscribers() == subscribers;
    });
  }

  std::string status;
  Program program;
};

const std::vector<std::string> kGuarded = {"--guardrail", "cache-fleet"};

TEST_F(CacheFleet, AFrontendHasNoThreadForAPeerAndTheMapThatTheOthersHave) {
  SmallFleet fleet(2);
  const Cache first(fleet, "cache-1");
  const Cache second(fleet, "cache-2");
  for (int i = 0; i < 5; ++i) fleet.add(kGuarded);
  const std::uint64_t digest = fleet.complete(0, 4).map().digest();
  for (std::size_t i = 0; i < 5; ++i) {
    const Status status = fleet.complete(i, 4);
    EXPECT_THAT(status.guardrails(), ElementsAre("cache-fleet"));
    EXPECT_EQ(status.map().routes_size(), 4);
    EXPECT_EQ(status.map().digest(), digest);
    EXPECT_EQ(fleet.frontend(i).tasks(), static_cast<std::size_t>(wire::kFrontendBaseTasks));
  }
  for (const Cache* cache : {&first, &second}) {
    EXPECT_EQ(cache->at(4, 5).role(), wire::ROLE_CACHE);
    EXPECT_EQ(cache->program.tasks(), static_cast<std::size_t>(wire::kCacheTasks));
  }
}

TEST_F(CacheFleet, WhenACacheServerIsKilledMapsStayAndTheNextOneIsSubscribedTo) {
  SmallFleet fleet(2);
  {
    Cache killed(fleet);
    fleet.add(kGuarded);
    fleet.add(kGuarded);
    killed.at(1, 2);
    for (std::size_t i = 0; i < 2; ++i) fleet.complete(i, 1);
    killed.program.end(SIGKILL);
    fleet.membership_program().wait_for_log("cache-1 is lost");
  }
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(fleet.status(i).map().complete());
  fleet.add(kGuarded);  // a version that nobody builds yet
  wait_for_status(fleet.status_of(0), [](const Status& now) { return now.members_version() == 2; });
  EXPECT_EQ(fleet.status(0).build().state(), wire::BUILD_RUNNING);
  EXPECT_EQ(fleet.status(0).map().version(), 1U);
  EXPECT_TRUE(fleet.status(0).map().complete());
  const Cache restarted(fleet);
  restarted.at(2, 3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(fleet.complete(i, 2).map().version(), 2U);
}

TEST_F(CacheFleet, WhoHasNoPlaceIsToldAndTheOthersGoOn) {
  SmallFleet fleet(2);
  Cache cache(fleet);
  fleet.add(kGuarded);
  fleet.add(kGuarded);
  for (std::size_t i = 0; i < 2; ++i) fleet.complete(i, 1);
  const rlim_t free = limit_with(1, descriptors_of(cache.program.pid()));  // one place more
  rlimit limit{free, free};
  ASSERT_EQ(::prlimit(cache.program.pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  fleet.add(kGuarded);
  fleet.complete(2, 2);
  fleet.add(kGuarded);
  const Status refused = wait_for_status(fleet.status_of(3), [](const Status& now) {
    return now.build().state() == wire::BUILD_FAILED;
  });
  EXPECT_EQ(refused.refusal().error(), EMFILE);
  EXPECT_EQ(refused.refusal().server(), "cache-1");
  EXPECT_EQ(refused.refusal().tasks(), 1U);
  EXPECT_EQ(refused.refusal().version(), 3U);
  EXPECT_EQ(refused.refusal().creating(), "place for frontend-4 at cache-1");
  EXPECT_THAT(refused.build().reason(),
              HasSubstr("descriptor for place for frontend-4 at cache-1 refused with 1 tasks"));
  cache.program.wait_for_log("no place for frontend-4");  // its status would take a descriptor
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(fleet.complete(i, 3).map().version(), 3U);
  // A place that is given back is given to who had none.
  fleet.frontend(1).end(SIGKILL);
  EXPECT_EQ(fleet.complete(3, 4).map().version(), 4U);
}

}  // namespace
}  // namespace ceiling::testing_programs
