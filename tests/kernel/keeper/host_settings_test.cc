// However a run ends, the settings of the host are as before: in a fake tree, since they are the
// host's.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <csignal>

#include "cgroups/error.h"
#include "tests/kernel/keeper/test_run.h"
#include "tests/support/keeper/fake_host_settings.h"

namespace ceiling {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kLeftAlone =
    "kernel.threads-max is 5000, which the run did not set: left alone; it was 7702 before the run";

class HostSettingsTest : public KeeperTest {
 protected:
  RegistryEntry entry_with_settings() {
    RegistryEntry entry = new_entry();
    entry.host_settings = {{.name = "kernel.threads-max", .ours = {300}},
                           {.name = "kernel.pid_max", .ours = {500}}};
    return entry;
  }
  void change() const {
    host.set("kernel.threads-max", 300);
    host.set("kernel.pid_max", 500);
  }
  void expect_restored() const {
    EXPECT_EQ(host.get("kernel.threads-max"), 7702);
    EXPECT_EQ(host.get("kernel.pid_max"), 32768);
  }
  static void kill_and_reap(pid_t pid) {
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
  }

  TemporaryFolder root;
  FakeHostSettings host{root.path()};
  Registry settings_registry{folder.path(), root.path()};
};

TEST_F(HostSettingsTest, FinishRestores) {
  Keeper keeper = Keeper::start(settings_registry, entry_with_settings(), 0);
  ASSERT_THAT(registry.entries(), SizeIs(1));
  EXPECT_EQ(registry.entries()[0].host_settings.at(0).previous, 7702);  // before it is changed
  EXPECT_EQ(keeper.entry().host_settings.at(1).previous, 32768);
  change();
  EXPECT_THAT(keeper.finish(), IsEmpty());
  expect_restored();
}

TEST_F(HostSettingsTest, HarnessKilledTheKeeperRestores) {
  const HarnessProcess harness = start_harness(settings_registry, entry_with_settings(), hierarchy);
  ASSERT_TRUE(await_made(harness));
  change();
  kill_and_reap(harness.pid);
  EXPECT_TRUE(all_reaped());  // within two seconds
  expect_restored();
}

TEST_F(HostSettingsTest, KeeperKilledFinishRestores) {
  Keeper keeper = Keeper::start(settings_registry, entry_with_settings(), 0);
  change();
  ASSERT_EQ(::kill(keeper.entry().keeper, SIGKILL), 0);
  EXPECT_THAT(keeper.finish(), IsEmpty());
  expect_restored();
}

TEST_F(HostSettingsTest, BothKilledCleanRestores) {
  const HarnessProcess harness = start_harness(settings_registry, entry_with_settings(), hierarchy);
  ASSERT_TRUE(await_made(harness));
  change();
  const RegistryEntry entry = registry.entries().at(0);
  ASSERT_EQ(::kill(entry.keeper, SIGSTOP), 0);
  kill_and_reap(harness.pid);
  kill_and_reap(entry.keeper);
  EXPECT_THAT(clean_up(settings_registry, entry, true),
              Contains("would restore kernel.threads-max from 300 to 7702"));
  EXPECT_EQ(host.get("kernel.threads-max"), 300);
  EXPECT_THAT(clean_up(settings_registry, entry, false),
              Contains("restored kernel.threads-max from 300 to 7702"));
  expect_restored();
  EXPECT_THAT(clean_up(settings_registry, entry, false), IsEmpty());
}

TEST_F(HostSettingsTest, ValueOfSomebodyElseIsLeftAloneAndSaid) {
  Keeper keeper = Keeper::start(settings_registry, entry_with_settings(), 0);
  change();
  host.set("kernel.threads-max", 5000);
  EXPECT_THAT(keeper.finish(), ElementsAre(kLeftAlone));
  EXPECT_EQ(host.get("kernel.threads-max"), 5000);
  EXPECT_EQ(host.get("kernel.pid_max"), 32768);
}

// Nobody hears the keeper then: the entry stays until `ceiling clean` has said it.
TEST_F(HostSettingsTest, ValueOfSomebodyElseIsSaidByCleanWhereTheHarnessIsGone) {
  const HarnessProcess harness = start_harness(settings_registry, entry_with_settings(), hierarchy);
  ASSERT_TRUE(await_made(harness));
  change();
  host.set("kernel.threads-max", 5000);
  kill_and_reap(harness.pid);
  EXPECT_TRUE(all_reaped());
  ASSERT_THAT(registry.entries(), SizeIs(1));
  EXPECT_THAT(clean_up(settings_registry, registry.entries()[0], false), Contains(kLeftAlone));
  EXPECT_EQ(host.get("kernel.threads-max"), 5000);
  EXPECT_EQ(host.get("kernel.pid_max"), 32768);
}

}  // namespace
}  // namespace ceiling
