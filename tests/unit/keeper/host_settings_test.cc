// What a run changed on the whole host comes back, and nothing else is ever written.
#include "harness/keeper/host_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups/error.h"
#include "harness/keeper/keeper.h"
#include "tests/support/keeper/fake_host_settings.h"
#include "tests/support/spawn/support.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class HostSettingsTest : public testing::Test {
 protected:
  TemporaryFolder folder;
  FakeHostSettings host{folder.path()};
  const std::vector<HostSetting> settings = {
      {.name = "kernel.threads-max", .ours = {300, 400}, .previous = 7702},
      {.name = "kernel.pid_max", .ours = {500}, .previous = 32768}};
};

TEST_F(HostSettingsTest, FilesAreThoseOfSysctlAndNoOthers) {
  EXPECT_EQ(host_setting_file("kernel.threads-max"), "/proc/sys/kernel/threads-max");
  EXPECT_EQ(host_setting_file("vm.overcommit_kbytes", "/x"), "/x/proc/sys/vm/overcommit_kbytes");
  for (const char* name : {"", ".", "kernel", "kernel.core_pattern", "kernel.threads-max.x",
                           "kernel.../../../etc/passwd", "KERNEL.PID_MAX"}) {
    EXPECT_THROW(host_setting_file(name), Error) << name;
    EXPECT_THROW(write_host_setting(name, 1, folder.path()), Error) << name;
  }
}

TEST_F(HostSettingsTest, OwnValuesAreTakenBackOnce) {
  host.set("kernel.threads-max", 400);
  EXPECT_THAT(restore_host_settings(settings, true, folder.path()).done,
              ElementsAre("would restore kernel.threads-max from 400 to 7702"));
  EXPECT_EQ(host.get("kernel.threads-max"), 400);

  const Restored restored = restore_host_settings(settings, false, folder.path());
  EXPECT_THAT(restored.done, ElementsAre("restored kernel.threads-max from 400 to 7702"));
  EXPECT_THAT(restored.left_alone, IsEmpty());
  EXPECT_EQ(host.get("kernel.threads-max"), 7702);
  EXPECT_EQ(host.get("kernel.pid_max"), 32768);
  EXPECT_THAT(restore_host_settings(settings, false, folder.path()).done, IsEmpty());
}

TEST_F(HostSettingsTest, EveryValueOfARangeIsOurs) {
  for (const std::int64_t value : {100, 150, 200}) {
    host.set("vm.max_map_count", value);
    restore_host_settings(
        {{.name = "vm.max_map_count", .ours = {}, .previous = 65530, .from = 100, .to = 200}},
        false, folder.path());
    EXPECT_EQ(host.get("vm.max_map_count"), 65530);
  }
  for (const std::int64_t value : {99, 201}) {
    host.set("vm.max_map_count", value);
    restore_host_settings(
        {{.name = "vm.max_map_count", .ours = {}, .previous = 65530, .from = 100, .to = 200}},
        false, folder.path());
    EXPECT_EQ(host.get("vm.max_map_count"), value);
  }
}

TEST_F(HostSettingsTest, ValueOfSomebodyElseIsLeftAlone) {
  host.set("kernel.threads-max", 5000);
  host.set("kernel.pid_max", 500);
  for (const bool dry_run : {true, false}) {
    EXPECT_THAT(restore_host_settings(settings, dry_run, folder.path()).left_alone,
                ElementsAre("kernel.threads-max is 5000, which the run did not set: left alone; it "
                            "was 7702 before the run"));
  }
  EXPECT_EQ(host.get("kernel.threads-max"), 5000);
  EXPECT_EQ(host.get("kernel.pid_max"), 32768);
}

TEST_F(HostSettingsTest, OneThatFailsDoesNotKeepTheOthers) {
  fs::remove(host_setting_file("kernel.threads-max", folder.path()));
  host.set("kernel.pid_max", 500);
  try {
    restore_host_settings(settings, false, folder.path());
    ADD_FAILURE() << "a missing file was restored";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("proc/sys/kernel/threads-max"));
  }
  EXPECT_EQ(host.get("kernel.pid_max"), 32768);
}

// The kernel may take a value and keep another, as it does with what is beyond its bounds.
TEST_F(HostSettingsTest, ValueThatDoesNotStayIsAnError) {
  const fs::path file = host_setting_file("kernel.pid_max", folder.path());
  fs::remove(file);
  fs::create_symlink("/dev/null", file);
  EXPECT_THROW(write_host_setting("kernel.pid_max", 500, folder.path()), Error);
}

// `ceiling clean`, when harness and keeper are dead.
TEST_F(HostSettingsTest, CleanRestoresAndRemovesTheEntry) {
  const Registry registry(folder.path() / "ceiling", folder.path());
  RegistryEntry entry;
  entry.run_id = "a1";
  entry.host_settings = settings;
  entry = registry.add(entry, 0);
  host.set("kernel.threads-max", 300);
  host.set("kernel.pid_max", 777);
  const std::string left_alone =
      "kernel.pid_max is 777, which the run did not set: left alone; it was 32768 before the run";
  const std::string file = (registry.folder() / "a1").string();
  EXPECT_THAT(clean_up(registry, entry, true),
              ElementsAre("would restore kernel.threads-max from 300 to 7702", left_alone,
                          "would remove " + file));
  EXPECT_EQ(host.get("kernel.threads-max"), 300);
  EXPECT_THAT(
      clean_up(registry, entry, false),
      ElementsAre("restored kernel.threads-max from 300 to 7702", left_alone, "removed " + file));
  EXPECT_EQ(host.get("kernel.threads-max"), 7702);
  EXPECT_EQ(host.get("kernel.pid_max"), 777);
  EXPECT_THAT(registry.entries(), IsEmpty());
}

}  // namespace
}  // namespace ceiling
