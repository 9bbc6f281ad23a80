// Frontends whose maps are built by cache servers, all started by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include "tests/kernel/frontend/small_fleet.h"
#include "workload/protocol/process.h"
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
  explicit Cache(SmallFleet& fleet, const std::string& name = "cache-1")
      : status(status_name()),
        program(CEILING_CACHE,
                {"--name", name, "--membership", fleet.membership(), "--status", status}) {
    program.address();  // it listens
    fleet.membership_program().wait_for_log(name + " joined");
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
    fleet.membership_program().wait_for_log("cache-1 is gone, 0 cache servers");
  }
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(fleet.status(i).map().complete());
  fleet.add(kGuarded);  // a version that nobody builds yet
  for (std::size_t i = 0; i < 2; ++i) {
    const Status orphaned = wait_for_status(fleet.status_of(i), [](const Status& now) {
      return now.members_version() == 2 && now.build().state() == wire::BUILD_FAILED;
    });
    EXPECT_EQ(orphaned.build().reason(), "no source of maps: no cache server is there");
    EXPECT_TRUE(orphaned.no_source());
    EXPECT_EQ(orphaned.caches(), 0U);
    EXPECT_FALSE(orphaned.has_refusal());
    EXPECT_EQ(orphaned.map().version(), 1U);
    EXPECT_TRUE(orphaned.map().complete());
  }
  const Cache restarted(fleet);
  restarted.at(3, 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const Status found = fleet.complete(i, 3);
    EXPECT_EQ(found.map().version(), 3U);
    EXPECT_FALSE(found.no_source());
    EXPECT_EQ(found.caches(), 1U);
  }
}

TEST_F(CacheFleet, OneThatIsStoppedIsRemovedAndTheOtherOneIsTheSource) {
  const std::string membership_status = status_name();
  SmallFleet fleet(2, 1, {"--status", membership_status});
  Cache stopped(fleet, "cache-1");
  const Cache other(fleet, "cache-2");
  fleet.add(kGuarded);
  fleet.add(kGuarded);
  for (std::size_t i = 0; i < 2; ++i) {
    wait_for_status(fleet.status_of(i), [](const Status& now) {
      return now.caches() == 2 && now.build().state() == wire::BUILD_COMPLETE;
    });
  }
  stopped.program.signal(SIGSTOP);  // its connections stay
  fleet.membership_program().wait_for_log("cache-1 is removed: it did not answer for ");
  for (std::size_t i = 0; i < 2; ++i) {
    const Status told =
        wait_for_status(fleet.status_of(i), [](const Status& now) { return now.caches() == 1; });
    EXPECT_EQ(told.map().version(), 1U) << "a lost server is no new map";
  }
  const Status says =
      wait_for_status(membership_status, [](const Status& now) { return now.caches() == 1; });
  ASSERT_EQ(says.silent_caches_size(), 1);
  EXPECT_EQ(says.silent_caches(0).member(), "cache-1");
  EXPECT_GE(says.silent_caches(0).silent_ms(), 2000U);
  EXPECT_LE(says.silent_caches(0).silent_ms(), 4000U);
  fleet.add(kGuarded);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(fleet.complete(i, 2).map().version(), 2U);
  // It hears of it when it goes on, and ends; another one of its name is the frontends' again.
  stopped.program.signal(SIGCONT);
  stopped.program.wait_for_log("removed by membership after ");
  const int status = stopped.program.end(0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), wire::kRemoved);
  const Cache again(fleet, "cache-1");
  again.at(2, 3);
  EXPECT_EQ(wait_for_status(membership_status, [](const Status& now) { return now.caches() == 2; })
                .silent_caches_size(),
            0);
}

TEST_F(CacheFleet, OneThatIsOnlySlowStays) {
  const std::string membership_status = status_name();
  SmallFleet fleet(1, 1, {"--status", membership_status});
  Cache slow(fleet);
  fleet.add(kGuarded);
  fleet.complete(0, 1);
  // Longer than the patience in all, and never as long at a time.
  for (std::uint64_t version = 2; version <= 5; ++version) {
    slow.program.signal(SIGSTOP);
    fleet.add(kGuarded);
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    slow.program.signal(SIGCONT);
    fleet.complete(0, version);
  }
  const Status says = wait_for_status(membership_status, [](const Status&) { return true; });
  EXPECT_EQ(says.caches(), 1U);
  EXPECT_EQ(says.silent_caches_size(), 0);
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
