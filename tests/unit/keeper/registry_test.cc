// The registry: what `ceiling clean` finds after everything else died.
#include "harness/keeper/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "cgroups/error.h"
#include "harness/keeper/processes.h"
#include "tests/support/spawn/support.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

RegistryEntry entry_of(const std::string& run_id) {
  RegistryEntry entry;
  entry.run_id = run_id;
  entry.harness = ::getpid();
  entry.harness_started = stat_of(::getpid()).value().started;
  entry.groups = {"/sys/fs/cgroup/pids/x/ceiling-" + run_id};
  entry.results = "/home/me/results";
  return entry;
}

class RegistryTest : public testing::Test {
 protected:
  TemporaryFolder folder;
  Registry registry{folder.path() / "below" / "ceiling"};
};

TEST_F(RegistryTest, EntryComesBackAsItWasWritten) {
  RegistryEntry entry = entry_of("a1");
  entry.keeper = 7;
  entry.keeper_started = 18'000'000'000;
  const RegistryEntry added = registry.add(entry, 3);
  EXPECT_THAT(added.uids, SizeIs(3));
  const std::vector<RegistryEntry> entries = registry.entries();
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].run_id, "a1");
  EXPECT_EQ(entries[0].harness, ::getpid());
  EXPECT_EQ(entries[0].harness_started, entry.harness_started);
  EXPECT_EQ(entries[0].keeper, 7);
  EXPECT_EQ(entries[0].keeper_started, 18'000'000'000U);
  EXPECT_EQ(entries[0].groups, entry.groups);
  EXPECT_EQ(entries[0].uids, added.uids);
  EXPECT_EQ(entries[0].results, entry.results);
  struct stat status {};
  ASSERT_EQ(::stat(registry.folder().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755U);
}

TEST_F(RegistryTest, MissingFolderHasNoEntries) {
  EXPECT_THAT(registry.entries(), IsEmpty());
  EXPECT_NO_THROW(registry.remove("a1"));
}

TEST_F(RegistryTest, RunIdIsTakenUntilItIsRemoved) {
  registry.add(entry_of("a1"), 0);
  EXPECT_THROW(registry.add(entry_of("a1"), 0), Error);
  registry.remove("a1");
  registry.remove("a1");
  EXPECT_NO_THROW(registry.add(entry_of("a1"), 0));
}

TEST_F(RegistryTest, GroupsWithoutTheRunsTagAreRefused) {
  RegistryEntry entry = entry_of("a1");
  entry.groups = {"/sys/fs/cgroup/pids/ceiling-a2"};
  EXPECT_THROW(registry.add(entry, 0), Error);
  entry.groups = {"ceiling-a1"};
  EXPECT_THROW(registry.add(entry, 0), Error);
  for (const char* id : {"", ".", "..", ".new", "a/b"}) {
    EXPECT_THROW(registry.add(entry_of(id), 0), Error) << id;
  }
}

// Two runs with one uid would be charged for each other's tasks.
TEST_F(RegistryTest, RunsThatStartTogetherShareNoUid) {
  for (int i = 0; i < 8; ++i) {
    if (::fork() == 0) {
      registry.add(entry_of("run" + std::to_string(i)), 50);
      ::_exit(0);
    }
  }
  while (::wait(nullptr) > 0) {
  }
  std::set<uid_t> uids;
  for (const RegistryEntry& entry : registry.entries()) {
    uids.insert(entry.uids.begin(), entry.uids.end());
  }
  EXPECT_THAT(uids, SizeIs(8 * 50));
}

TEST_F(RegistryTest, DamagedFileIsReportedByName) {
  registry.add(entry_of("a1"), 0);
  const auto expect_damage = [this](const std::string& text) {
    std::ofstream(registry.folder() / "bad", std::ios::trunc) << text;
    try {
      registry.entries();
      ADD_FAILURE() << "accepted: " << text;
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr((registry.folder() / "bad").string()));
    }
  };
  expect_damage("");
  expect_damage("{}");
  expect_damage(R"({"schema": "ceiling.registry/2"})");
  // A sound entry under another's name, and one that names a group that is not a run's.
  std::filesystem::copy_file(registry.folder() / "a1", registry.folder() / "bad",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THROW(registry.entries(), Error);
  expect_damage(
      R"({"schema": "ceiling.registry/1", "run_id": "bad", "harness": 1, "harness_started": 1,
          "keeper": 1, "keeper_started": 1, "groups": ["/sys/fs/cgroup/pids/system.slice"],
          "uids": [], "results": ""})");
}

TEST_F(RegistryTest, RunLivesWhileHarnessOrKeeperDoes) {
  RegistryEntry entry = entry_of("a1");
  EXPECT_TRUE(entry.alive());
  ++entry.harness_started;  // the pid is another process's by now
  EXPECT_FALSE(entry.alive());
  entry.keeper = ::getpid();
  entry.keeper_started = stat_of(::getpid()).value().started;
  EXPECT_TRUE(entry.alive());
  EXPECT_FALSE(RegistryEntry{}.alive());
}

TEST_F(RegistryTest, ZombieHarnessIsDead) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(0);
  }
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  RegistryEntry entry;
  entry.harness = child;
  entry.harness_started = stat_of(child).value().started;
  EXPECT_THAT(children_of(::getpid()), ElementsAre(child));
  EXPECT_FALSE(entry.alive());
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace ceiling
