// Harness, keeper or both are killed at any moment: nothing of the run may be left after two
// seconds.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "cgroups/error.h"
#include "tests/kernel/keeper/test_run.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class KilledTest : public KeeperTest {};

void kill_and_reap(pid_t pid) {
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
}

TEST_F(KilledTest, HarnessKilledAtAnyMomentLeavesNothing) {
  // How long it takes to make everything bounds the moments.
  const auto begin = steady_clock::now();
  const HarnessProcess whole = start_harness(registry, new_entry(), hierarchy);
  ASSERT_TRUE(await_made(whole));
  const auto span = std::chrono::duration_cast<microseconds>(steady_clock::now() - begin);
  kill_and_reap(whole.pid);
  EXPECT_TRUE(all_reaped());
  EXPECT_EQ(leftovers(), "");

  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::uniform_int_distribution<microseconds::rep> moment(0, span.count());
  for (int i = 0; i < 20; ++i) {
    const microseconds wait(moment(random));
    SCOPED_TRACE(std::to_string(wait.count()) + " us of " + std::to_string(span.count()));
    const HarnessProcess harness = start_harness(registry, new_entry(), hierarchy);
    const timespec time{0, std::chrono::nanoseconds(wait).count()};
    ::nanosleep(&time, nullptr);
    kill_and_reap(harness.pid);
    EXPECT_TRUE(all_reaped()) << "processes or zombies are left";
    EXPECT_EQ(leftovers(), "");
  }
}

// After every step of the making, so that no stage depends on luck.
TEST_F(KilledTest, HarnessKilledAfterEveryStepLeavesNothing) {
  for (int steps = 1; steps <= TestRun::kSteps + 1; ++steps) {
    SCOPED_TRACE(steps);
    const HarnessProcess harness = start_harness(registry, new_entry(), hierarchy);
    std::array<char, 1> byte{};
    for (int step = 0; step < steps; ++step) {
      ASSERT_EQ(::read(harness.progress.get(), byte.data(), 1), 1);
    }
    kill_and_reap(harness.pid);
    EXPECT_TRUE(all_reaped());
    EXPECT_EQ(leftovers(), "");
  }
}

TEST_F(KilledTest, HarnessAndKeeperKilledTogetherLeaveTheRestToClean) {
  const HarnessProcess harness = start_harness(registry, new_entry(), hierarchy);
  ASSERT_TRUE(await_made(harness));
  ASSERT_THAT(registry.entries(), SizeIs(1));
  const RegistryEntry entry = registry.entries()[0];
  EXPECT_THROW(clean_up(registry, entry, false), Error);  // it is alive

  ASSERT_EQ(::kill(entry.keeper, SIGSTOP), 0);  // so that it cannot do its work in between
  kill_and_reap(harness.pid);
  EXPECT_TRUE(entry.alive());
  ASSERT_EQ(::kill(entry.keeper, SIGKILL), 0);
  ASSERT_EQ(::waitpid(entry.keeper, nullptr, 0), entry.keeper);
  EXPECT_FALSE(entry.alive());

  ASSERT_THAT(registry.entries(), SizeIs(1));
  const std::string folder_line = entry.groups.front().string();
  EXPECT_THAT(clean_up(registry, entry, true),
              Contains(AllOf(HasSubstr("would end "), HasSubstr(folder_line))));
  EXPECT_THAT(clean_up(registry, entry, true), Contains("would remove " + entry.data.string()));
  EXPECT_TRUE(fs::exists(entry.groups.front()));
  EXPECT_TRUE(fs::exists(entry.data));
  EXPECT_THAT(clean_up(registry, entry, false),
              Contains(AllOf(HasSubstr("ended "), HasSubstr(folder_line))));
  EXPECT_EQ(leftovers(), "");
  EXPECT_THAT(clean_up(registry, entry, false), IsEmpty());
}

TEST_F(KilledTest, KeeperKilledAloneEndsTheRunAndFinishCleansUp) {
  Keeper keeper = Keeper::start(registry, new_entry(), 1);
  const TestRun run(keeper, hierarchy);
  const ChildProcess child = keeper.launcher().start(testee({"wait"}));
  ASSERT_EQ(::kill(keeper.entry().keeper, SIGKILL), 0);
  EXPECT_TRUE(readable(child.pidfd(), std::chrono::seconds(2)));  // by PDEATHSIG
  EXPECT_THROW(keeper.launcher().start(testee({"wait"})), Error);
  EXPECT_NO_THROW(keeper.finish());
  EXPECT_EQ(leftovers(), "");
}

// `ceiling run | cat` must end with the harness, whatever its keeper still does.
TEST_F(KilledTest, KeeperHoldsNoPipeOfTheCaller) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Descriptor out(ends[0]);
  Descriptor in(ends[1]);
  const HarnessProcess harness = [&] {
    const Descriptor kept(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
    ::dup2(in.get(), STDERR_FILENO);
    HarnessProcess started = start_harness(registry, new_entry(), hierarchy);
    ::dup2(kept.get(), STDERR_FILENO);
    return started;
  }();
  in = Descriptor();
  ASSERT_TRUE(await_made(harness));
  const pid_t keeper = registry.entries().at(0).keeper;
  ASSERT_EQ(::kill(keeper, SIGSTOP), 0);
  kill_and_reap(harness.pid);
  pollfd end{out.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&end, 1, 2000), 1);
  EXPECT_EQ(end.revents, POLLHUP);
  ASSERT_EQ(::kill(keeper, SIGCONT), 0);
}

// Last of the program.
TEST_F(KilledTest, NothingIsLeft) {
  EXPECT_EQ(leftovers(), "");
  EXPECT_THAT(child_processes(::getpid()), IsEmpty());
}

}  // namespace
}  // namespace ceiling
