#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <optional>

#include "cgroups/cgroup.h"
#include "tests/kernel/frontend/small_fleet.h"
#include "tests/support/spawn/support.h"

namespace ceiling::testing_programs {
namespace {

using testing::HasSubstr;
using wire::Status;

class RefusedFrontend : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = missing_privilege(); !missing.empty()) {
      GTEST_SKIP() << missing;
    }
    group_.emplace(Cgroup::create(Hierarchy::detect(),
                                  std::string(Cgroup::kTag) + "test" + std::to_string(::getpid())));
    folders_ = group_->folders();
  }

  void TearDown() override {
    if (!group_) return;
    group_->destroy();
    for (const auto& folder : folders_) EXPECT_FALSE(std::filesystem::exists(folder)) << folder;
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left";
  }

  std::optional<Cgroup> group_;
  std::vector<std::filesystem::path> folders_;
};

/// A status connection that stays open: there will be no descriptor for another.
class Watcher {
 public:
  explicit Watcher(const std::string& where) : peer_(where) {}

  Status ask() const {
    wire::Envelope request;
    request.mutable_status_request()->set_watch(true);
    peer_.send(request);
    return peer_.receive().status();
  }
  Status failed_build(std::uint64_t version) const {
    for (;;) {
      const Status now = peer_.receive().status();
      if (now.build().version() == version && now.build().state() == wire::BUILD_FAILED) return now;
    }
  }

 private:
  Peer peer_;
};

// What is in use is a matter of the members alone; whether none or one of the two is left that a
// peer needs, it is refused.
TEST(FrontendWithoutDescriptors, SaysSoAndStandsAtItsLimit) {
  for (const int left : {0, 1}) {
    SmallFleet fleet(2);
    const pid_t pid = fleet.add().pid();
    fleet.add();
    fleet.complete(0, 1);
    fleet.complete(1, 1);
    const Watcher watcher(fleet.status_of(0));
    watcher.ask();
    watcher.ask();  // by now it has closed the earlier ones
    const rlim_t most = limit_with(left, descriptors_of(pid));
    const rlimit limit{.rlim_cur = most, .rlim_max = most};
    ASSERT_EQ(::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr), 0);
    fleet.add();
    const Status refused = watcher.failed_build(2);
    EXPECT_EQ(refused.refusal().phase(), "build");
    EXPECT_EQ(refused.refusal().error(), EMFILE);
    EXPECT_EQ(refused.refusal().tasks(), 4U);
    EXPECT_EQ(refused.refusal().creating(), "frontend-3, connection 1 of 1");
    EXPECT_GE(limit_with(0, descriptors_of(pid)), most) << "every number is taken";
    EXPECT_THAT(fleet.frontend(0).wait_for_log("open files"),
                HasSubstr("descriptor for frontend-3, connection 1 of 1 refused with 4 tasks"));
  }
}

class RefusedAtStart : public RefusedFrontend, public testing::WithParamInterface<int> {};

TEST_P(RefusedAtStart, LivesAndSaysWhatItLacks) {
  const int limit = GetParam();
  group_->set_pids_max(limit);
  SmallFleet fleet(1);
  Program& frontend = fleet.add({}, group_->join_descriptors());
  const Status status = fleet.status(0);
  EXPECT_EQ(status.refusal().phase(), "start");
  EXPECT_EQ(status.refusal().error(), EAGAIN);
  EXPECT_EQ(status.refusal().tasks(), static_cast<std::uint32_t>(limit));
  EXPECT_EQ(status.refusal().count(), 1U);
  EXPECT_EQ(status.refusal().creating(), limit == 1 ? "creator" : "http");
  EXPECT_EQ(status.threads(), static_cast<std::uint32_t>(limit));
  EXPECT_EQ(status.members_version(), 0U);
  EXPECT_FALSE(status.in_service());
  EXPECT_EQ(group_->pids().current, limit);
  EXPECT_EQ(group_->pids().events, 1);
  EXPECT_THAT(frontend.wait_for_log("refused with"), HasSubstr("thread for"));
  EXPECT_EQ(fleet.status(0).threads(), status.threads()) << "it lives on";
  frontend.end(SIGKILL);
}

INSTANTIATE_TEST_SUITE_P(WithTasks, RefusedAtStart, testing::Values(1, 2));

// The outage: alive, known to all, and without a map that routes; its peers are not starved.
TEST_F(RefusedFrontend, WhileBuildingItLivesAndServesItsSliceToOthers) {
  group_->set_pids_max(4);
  SmallFleet fleet(2);
  fleet.add({}, group_->join_descriptors());
  fleet.add();
  fleet.complete(0, 1);
  fleet.complete(1, 1);
  fleet.add();
  const Status refused = wait_for_status(fleet.status_of(0), [](const Status& now) {
    return now.build().version() == 2 && now.build().state() == wire::BUILD_FAILED;
  });
  EXPECT_EQ(refused.refusal().phase(), "build");
  EXPECT_EQ(refused.refusal().error(), EAGAIN);
  EXPECT_EQ(refused.refusal().tasks(), 4U);
  EXPECT_EQ(refused.refusal().version(), 2U);
  EXPECT_EQ(refused.refusal().creating(), "frontend-3, connection 1 of 1");
  EXPECT_FALSE(refused.map().complete());
  EXPECT_TRUE(refused.in_service());
  EXPECT_EQ(fleet.complete(1, 2).map().routes_size(), 4);
  EXPECT_EQ(fleet.complete(2, 2).map().routes_size(), 4);
  fleet.frontend(0).end(SIGKILL);
}

}  // namespace
}  // namespace ceiling::testing_programs
