// The keeper of a harness that lives.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <thread>

#include "cgroups/error.h"
#include "tests/kernel/keeper/test_run.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string name_of(pid_t pid) {
  std::ifstream comm("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  comm >> name;
  return name;
}

TEST_F(KeeperTest, EntryIsOnDiskBeforeAnythingIsCreated) {
  const RegistryEntry wanted = new_entry();
  Keeper keeper = Keeper::start(registry, wanted, 3);
  const std::vector<RegistryEntry> entries = registry.entries();
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].run_id, wanted.run_id);
  EXPECT_EQ(entries[0].harness, ::getpid());
  EXPECT_EQ(entries[0].keeper, keeper.entry().keeper);
  EXPECT_EQ(entries[0].groups, wanted.groups);
  EXPECT_EQ(entries[0].uids, keeper.entry().uids);
  EXPECT_THAT(entries[0].uids, SizeIs(3));
  EXPECT_TRUE(entries[0].alive());
  for (const fs::path& group : wanted.groups) {
    EXPECT_FALSE(fs::exists(group));
  }
  keeper.finish();
}

// Its owners are private users, who may have put anything there.
TEST_F(KeeperTest, DataIsRemovedAndNoLinkInItIsFollowed) {
  const TemporaryFolder elsewhere;
  std::ofstream(elsewhere.path() / "kept") << "text";
  Keeper keeper = Keeper::start(registry, new_entry(), 1);
  const fs::path data = keeper.entry().data / "fleet" / "backend-1";
  fs::create_directories(data);
  std::ofstream(data / "000004.log") << "records";
  fs::create_directory_symlink(elsewhere.path(), data / "folder");
  fs::create_symlink(elsewhere.path() / "kept", data / "file");
  ASSERT_EQ(::chown(data.c_str(), keeper.entry().uids.at(0), keeper.entry().uids.at(0)), 0);
  keeper.finish();
  EXPECT_EQ(leftovers(), "");
  EXPECT_TRUE(fs::exists(elsewhere.path() / "kept"));
}

TEST_F(KeeperTest, FinishLeavesNothing) {
  Keeper keeper = Keeper::start(registry, new_entry(), 1);
  const TestRun run(keeper, hierarchy);
  const pid_t daemon = start_daemon(keeper.launcher(), {});
  keeper.finish();
  EXPECT_EQ(state_of(daemon), std::nullopt);
  EXPECT_EQ(leftovers(), "");
  EXPECT_THAT(child_processes(::getpid()), IsEmpty());  // the keeper itself has been reaped
  EXPECT_NO_THROW(keeper.finish());
}

TEST_F(KeeperTest, DestructorFinishes) {
  {
    Keeper keeper = Keeper::start(registry, new_entry(), 1);
    const TestRun run(keeper, hierarchy);
  }
  EXPECT_EQ(leftovers(), "");
  EXPECT_THAT(child_processes(::getpid()), IsEmpty());
}

TEST_F(KeeperTest, TwoRunsDoNotDisturbEachOther) {
  Keeper first = Keeper::start(registry, new_entry(), 20);
  Keeper second = Keeper::start(registry, new_entry(), 20);
  for (const uid_t uid : second.entry().uids) {
    EXPECT_THAT(first.entry().uids, Not(Contains(uid)));
  }
  const TestRun first_run(first, hierarchy);
  const TestRun second_run(second, hierarchy);
  const ChildProcess survivor = second.launcher().start(testee({"wait"}));
  const auto before = second_run.group().pids().current;
  first.finish();
  EXPECT_FALSE(survivor.ended());
  EXPECT_EQ(second_run.group().pids().current, before);
  ASSERT_THAT(registry.entries(), SizeIs(1));
  EXPECT_EQ(registry.entries()[0].run_id, second.entry().run_id);
  second.finish();
  EXPECT_TRUE(survivor.ended());
}

TEST_F(KeeperTest, SignalsToTheProcessGroupAreNotForTheKeeper) {
  Keeper keeper = Keeper::start(registry, new_entry(), 0);
  const pid_t pid = keeper.entry().keeper;
  EXPECT_EQ(::getsid(pid), pid);
  EXPECT_EQ(::getpgid(pid), pid);
  const ChildProcess child = keeper.launcher().start(testee({"wait"}));
  EXPECT_EQ(::getpgid(child.pid()), child.pid());
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    ASSERT_EQ(::kill(-pid, number), 0);  // keeper and launcher
  }
  EXPECT_NO_THROW(keeper.launcher().start(testee({"exit", "0"})));
  EXPECT_FALSE(child.ended());
  EXPECT_NO_THROW(keeper.finish());
  EXPECT_TRUE(child.ended());
}

TEST_F(KeeperTest, ProcessesCanBeToldByName) {
  Keeper keeper = Keeper::start(registry, new_entry(), 0);
  keeper.launcher().start(testee({"exit", "0"}));  // the launcher is past its set-up
  const pid_t pid = keeper.entry().keeper;
  EXPECT_EQ(name_of(pid), "ceiling-keeper");
  ASSERT_THAT(child_processes(pid), Not(IsEmpty()));
  EXPECT_EQ(name_of(child_processes(pid).front()), "ceiling-launch");
}

// An orphan that is not reaped stays charged to its uid and its group.
TEST_F(KeeperTest, OrphansAreReapedWhileTheRunGoesOn) {
  Keeper keeper = Keeper::start(registry, new_entry(), 0);
  const pid_t daemon = start_daemon(keeper.launcher(), {});
  ASSERT_EQ(::kill(daemon, SIGKILL), 0);
  const auto until = std::chrono::steady_clock::now() + seconds(2);
  while (state_of(daemon) && std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  EXPECT_EQ(state_of(daemon), std::nullopt);
}

TEST_F(KeeperTest, RunIdInUseIsRefusedAndTheOtherRunStays) {
  const RegistryEntry entry = new_entry();
  Keeper keeper = Keeper::start(registry, entry, 1);
  EXPECT_THROW(Keeper::start(registry, entry, 1), Error);
  EXPECT_THAT(registry.entries(), SizeIs(1));
  EXPECT_EQ(child_processes(::getpid()), std::vector<pid_t>{keeper.entry().keeper});
}

TEST_F(KeeperTest, RegistryThatCannotBeWrittenIsAnError) {
  const Registry impossible("/proc/ceiling");
  EXPECT_THROW(Keeper::start(impossible, new_entry(), 1), Error);
  EXPECT_THAT(child_processes(::getpid()), IsEmpty());
}

// A fork takes one thread along; the locks of the others would be held for ever.
TEST_F(KeeperTest, HarnessWithThreadsIsRefused) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::thread thread([] { ::pause(); });
    try {
      Keeper::start(registry, new_entry(), 0);
    } catch (const Error&) {
      ::_exit(42);
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

// `ceiling clean` never touches what the registry does not name; it only says that it is there.
TEST_F(KeeperTest, StrayGroupsAreReportedOnly) {
  Keeper keeper = Keeper::start(registry, new_entry(), 1);
  const TestRun run(keeper, hierarchy);
  const fs::path stray =
      run.group().folders().front().parent_path() / ("ceiling-stray-" + std::to_string(::getpid()));
  ASSERT_EQ(::mkdir(stray.c_str(), 0755), 0);
  const auto strays = stray_groups(hierarchy, registry.entries());
  EXPECT_THAT(strays, Contains(stray));
  EXPECT_THAT(strays, Not(Contains(run.group().folders().front())));
  EXPECT_TRUE(fs::exists(stray));
  EXPECT_EQ(::rmdir(stray.c_str()), 0);
}

TEST_F(KeeperTest, StrayRecordsAreReportedOnly) {
  const fs::path stray = data_folder_for("stray-" + std::to_string(::getpid()));
  ASSERT_EQ(::mkdir(stray.c_str(), 0711), 0);
  EXPECT_THAT(stray_data(registry.entries()), Contains(stray));
  RegistryEntry named;
  named.run_id = "stray-" + std::to_string(::getpid());
  EXPECT_THAT(stray_data({named}), Not(Contains(stray)));
  ASSERT_EQ(::chown(stray.c_str(), 65534, 65534), 0);
  EXPECT_THAT(stray_data({}), Not(Contains(stray))) << "not root's: anybody may have made it";
  EXPECT_EQ(::rmdir(stray.c_str()), 0);
}

}  // namespace
}  // namespace ceiling
