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
#include "tests/support/keeper/fake_host_settings.h"
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
  entry.data = data_folder_for(run_id);
  return entry;
}

class RegistryTest : public testing::Test {
 protected:
  TemporaryFolder folder;
  FakeHostSettings host{folder.path()};
  Registry registry{folder.path() / "below" / "ceiling", folder.path()};
};

TEST_F(RegistryTest, AControlSocketIsNoEntryAndGoesWithItsRun) {
  registry.add(entry_of("a1"), 1);
  const auto socket = registry.control_socket("a1");
  std::ofstream(socket) << "x";
  EXPECT_THAT(registry.entries(), SizeIs(1));
  registry.remove("a1");
  EXPECT_FALSE(std::filesystem::exists(socket));
  EXPECT_THAT(registry.entries(), IsEmpty());
}

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
  EXPECT_EQ(entries[0].data, "/var/tmp/ceiling-a1");
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

// It is removed with all that is in it.
TEST_F(RegistryTest, ADataFolderThatIsNotTheRunsIsRefused) {
  for (const char* data : {"/home/me", "/var/tmp", "/var/tmp/ceiling-a2", "/tmp/ceiling-a1",
                           "/var/tmp/ceiling-a1/..", "ceiling-a1"}) {
    RegistryEntry entry = entry_of("a1");
    entry.data = data;
    EXPECT_THROW(registry.add(entry, 0), Error) << data;
  }
  RegistryEntry entry = entry_of("a1");
  entry.data.clear();
  EXPECT_NO_THROW(registry.add(entry, 0));
}

TEST_F(RegistryTest, HostSettingsComeBackWithTheValueFromBeforeTheRun) {
  RegistryEntry entry = entry_of("a1");
  entry.host_settings = {
      {.name = "kernel.threads-max", .ours = {300, 400}},
      {.name = "vm.max_map_count", .ours = {}, .previous = 0, .from = 100, .to = 200}};
  const RegistryEntry added = registry.add(entry, 0);
  for (const RegistryEntry& one : {added, registry.entries().at(0)}) {
    ASSERT_THAT(one.host_settings, SizeIs(2));
    EXPECT_EQ(one.host_settings[0].name, "kernel.threads-max");
    EXPECT_THAT(one.host_settings[0].ours, ElementsAre(300, 400));
    EXPECT_EQ(one.host_settings[0].previous, 7702);
    EXPECT_EQ(one.host_settings[1].previous, 65530);
    EXPECT_TRUE(one.host_settings[1].may_be_ours(150));
    EXPECT_FALSE(one.host_settings[1].may_be_ours(201));
  }
}

// Its "value from before" would be the first run's.
TEST_F(RegistryTest, HostSettingBelongsToOneRunDeadOrAlive) {
  RegistryEntry entry = entry_of("a1");
  entry.host_settings = {{.name = "kernel.threads-max", .ours = {300}}};
  registry.add(entry, 0);
  entry.run_id = "a2";
  entry.groups = {};
  entry.data.clear();
  const auto remedy = [&] {
    try {
      registry.add(entry, 0);
    } catch (const HostError& e) {
      EXPECT_STREQ(e.what(), "run a1 has changed kernel.threads-max");
      return e.remedy();
    }
    return std::string("none");
  };
  EXPECT_EQ(remedy(), "wait for its end");
  registry.remove("a1");
  RegistryEntry dead = entry;
  dead.run_id = "a1";
  dead.harness = 0;
  registry.add(dead, 0);
  EXPECT_EQ(remedy(), "sudo ceiling clean");
  entry.host_settings[0].name = "kernel.pid_max";
  EXPECT_EQ(remedy(), "none");
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
  const std::string but_settings =
      R"({"schema": "ceiling.registry/1", "run_id": "bad", "harness": 1, "harness_started": 1,
          "keeper": 1, "keeper_started": 1, "groups": [], "uids": [], "results": "",
          "host_settings": )";
  for (const char* settings :
       {R"([{"name": "kernel.core_pattern", "ours": [1], "previous": 2}]})",
        R"([{"name": "kernel.../../../etc/passwd", "ours": [1], "previous": 2}]})",
        R"([{"name": "kernel.pid_max", "ours": [1], "previous": "|/bin/sh"}]})",
        R"([{"name": "kernel.pid_max", "ours": [1]}]})", R"({"kernel.pid_max": 1}})"}) {
    expect_damage(but_settings + settings);
  }
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
