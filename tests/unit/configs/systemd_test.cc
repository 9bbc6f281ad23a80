#include "harness/configs/systemd.h"

#include <gtest/gtest.h>

#include "tests/unit/cgroups/fake_tree.h"

namespace ceiling {
namespace {

constexpr const char* kUnit = "/usr/lib/systemd/system/demo.service";
constexpr const char* kTasks = "/etc/systemd/system/demo.service.d/50-tasks.conf";
constexpr const char* kLater = "/etc/systemd/system/demo.service.d/60-more.conf";

FakeTree& demo(FakeTree& tree) {
  return tree.file(kUnit, "[Service]\nTasksMax=10\nLimitNPROC=100:200\n")
      .file(kTasks, "[Service]\nTasksMax=40\n");
}

Origin origin(const FakeTree& tree, std::string_view directive, Amount value,
              LimitKind kind = LimitKind::soft) {
  return unit_origin(tree.root(), find_unit(tree.root(), "demo.service"), directive, value, kind);
}

TEST(UnitOrigin, TheDropInThatSetItLast) {
  FakeTree tree;
  const Origin found = origin(demo(tree), "TasksMax", 40);
  EXPECT_EQ(found.text, kTasks + std::string(":2"));
  EXPECT_EQ(found.file, kTasks);
  EXPECT_EQ(found.line, 2u);
  EXPECT_TRUE(found.in_force);
  EXPECT_EQ(found.source, Origin::Source::unit_file);
}

TEST(UnitOrigin, SaysWhenAnotherValueIsInForce) {
  FakeTree tree;
  const Origin found = origin(demo(tree), "TasksMax", 41);
  EXPECT_EQ(found.text, kTasks + std::string(":2 says TasksMax=40, 41 is in force: changed since "
                                             "the unit was started"));
  EXPECT_FALSE(found.in_force);
  EXPECT_FALSE(origin(tree, "TasksMax", {}).in_force);
}

TEST(UnitOrigin, SoftAndHardOfOneLine) {
  FakeTree tree;
  demo(tree);
  const std::string line = kUnit + std::string(":3");
  EXPECT_EQ(origin(tree, "LimitNPROC", 100, LimitKind::soft).text, line);
  EXPECT_EQ(origin(tree, "LimitNPROC", 200, LimitKind::hard).text, line);
  EXPECT_FALSE(origin(tree, "LimitNPROC", 200, LimitKind::soft).in_force);
}

TEST(UnitOrigin, TakesTheFilesThatSystemdNames) {
  FakeTree tree;
  demo(tree).file("/opt/a.conf", "[Service]\nTasksMax=1\n").file("/opt/b.conf", "\n[Slice]\n");
  const UnitFiles files{"demo.service", kUnit, {"/opt/a.conf", "/opt/b.conf", "/opt/gone.conf"}};
  EXPECT_EQ(unit_origin(tree.root(), files, "TasksMax", 1).text, "/opt/a.conf:2");
}

TEST(UnitOrigin, WhatSystemdIgnoresDoesNotCount) {
  FakeTree tree;
  demo(tree).file(kLater, "[Service]\nTasksMax=many\nTasksMax=0\n[Unit]\nTasksMax=7\n");
  EXPECT_EQ(origin(tree, "TasksMax", 40).text, kTasks + std::string(":2"));
}

TEST(UnitOrigin, AnEmptyValueGoesBackToTheDefaultOfTheManager) {
  FakeTree tree;
  demo(tree).file(kLater, "[Service]\nTasksMax=\n");
  EXPECT_EQ(origin(tree, "TasksMax", 40).text, "");
  tree.file("/etc/systemd/system.conf", "[Manager]\n#DefaultTasksMax=15%\nDefaultTasksMax=70\n");
  EXPECT_EQ(origin(tree, "TasksMax", 70).text, "/etc/systemd/system.conf:3");
  tree.file("/usr/lib/systemd/system.conf.d/10.conf", "[Manager]\nDefaultTasksMax=80\n");
  EXPECT_EQ(origin(tree, "TasksMax", 80).text, "/usr/lib/systemd/system.conf.d/10.conf:2");
  tree.file("/etc/systemd/system.conf.d/10.conf", "[Manager]\nDefaultTasksMax=90\n");
  EXPECT_EQ(origin(tree, "TasksMax", 90).text, "/etc/systemd/system.conf.d/10.conf:2");
  tree.file("/etc/systemd/system.conf.d/20.conf", "[Manager]\nDefaultTasksMax=\n");
  EXPECT_EQ(origin(tree, "TasksMax", 90).text, "");
}

TEST(UnitOrigin, AnEmptyLimitIsAResetOrIgnoredAsTheValueInForceTells) {
  FakeTree tree;
  demo(tree).file(kLater, "[Service]\nLimitNPROC=\n");
  EXPECT_EQ(origin(tree, "LimitNPROC", 100).text, kUnit + std::string(":3"));
  tree.file("/etc/systemd/system.conf", "[Manager]\nDefaultLimitNPROC=70\n");
  EXPECT_EQ(origin(tree, "LimitNPROC", 70).text, "/etc/systemd/system.conf:2");
}

TEST(UnitOrigin, DefaultsThatAreBuiltIn) {
  FakeTree tree;
  tree.file(kUnit, "[Service]\n")
      .file("/proc/sys/kernel/threads-max", "192730\n")
      .file("/proc/sys/kernel/pid_max", "32768\n");
  const Origin found = origin(tree, "TasksMax", 4915);
  EXPECT_EQ(found.text, "systemd default DefaultTasksMax=15%");
  EXPECT_EQ(found.source, Origin::Source::systemd_default);
  EXPECT_EQ(origin(tree, "TasksMax", 4916).text, "");
  EXPECT_EQ(origin(tree, "LimitNOFILE", 1024).text,
            "systemd default DefaultLimitNOFILE=1024:524288");
  EXPECT_EQ(origin(tree, "LimitNOFILE", 524288, LimitKind::hard).text,
            "systemd default DefaultLimitNOFILE=1024:524288");
  EXPECT_EQ(origin(tree, "LimitMEMLOCK", 8388608).text, "systemd default DefaultLimitMEMLOCK=8M");
  EXPECT_EQ(origin(tree, "LimitNPROC", 96365).text, "");
  tree.file("/etc/systemd/system.conf", "[Manager]\nDefaultLimitNPROC=96365\n");
  EXPECT_EQ(origin(tree, "LimitNPROC", 96365).text, "/etc/systemd/system.conf:2");
}

TEST(UnitOrigin, ASliceTakesNoDefaultAndHasItsOwnSection) {
  FakeTree tree;
  tree.file("/etc/systemd/system.conf", "[Manager]\nDefaultTasksMax=70\n")
      .file("/etc/systemd/system/demo-a.slice", "[Slice]\nTasksMax=30\n[Service]\nTasksMax=1\n");
  const UnitFiles a = find_unit(tree.root(), "demo-a.slice");
  EXPECT_EQ(unit_origin(tree.root(), a, "TasksMax", 30).text, "/etc/systemd/system/demo-a.slice:2");
  const UnitFiles b = find_unit(tree.root(), "demo-b.slice");
  EXPECT_EQ(unit_origin(tree.root(), b, "TasksMax", 70).text, "");
  const UnitFiles timer = find_unit(tree.root(), "demo.timer");
  EXPECT_EQ(unit_origin(tree.root(), timer, "TasksMax", 70).text, "");
}

TEST(UnitOrigin, PercentagesAndSizesAreCompared) {
  FakeTree tree;
  tree.file(kUnit, "[Service]\nTasksMax=33%\nMemoryMax=50%\nLimitAS=1G\n")
      .file("/proc/meminfo", "MemTotal:       24684084 kB\n")
      .file("/proc/sys/kernel/threads-max", "192730\n")
      .file("/proc/sys/kernel/pid_max", "4194304\n");
  EXPECT_EQ(origin(tree, "TasksMax", 63600).text, kUnit + std::string(":2"));
  EXPECT_EQ(origin(tree, "MemoryMax", 12638248960).text, kUnit + std::string(":3"));
  EXPECT_EQ(origin(tree, "LimitAS", 1073741824).text, kUnit + std::string(":4"));
}

TEST(DirectiveOf, NamesEveryLimitThatSystemdSets) {
  EXPECT_EQ(directive_of("pids.max"), "TasksMax");
  EXPECT_EQ(directive_of("memory.max"), "MemoryMax");
  EXPECT_EQ(directive_of("RLIMIT_MEMLOCK"), "LimitMEMLOCK");
  EXPECT_EQ(directive_of("kernel.pid_max"), "");
}

TEST(UnitOfGroup, IsTheLastComponent) {
  EXPECT_EQ(unit_of_group("/system.slice/demo.service")->name, "demo.service");
  EXPECT_EQ(unit_of_group("/user.slice")->name, "user.slice");
  EXPECT_FALSE(unit_of_group("/system.slice/demo.service")->of_user_manager);
  const std::string manager = "/user.slice/user-1000.slice/user@1000.service";
  EXPECT_FALSE(unit_of_group(manager)->of_user_manager);
  EXPECT_TRUE(unit_of_group(manager + "/app.slice/x.service")->of_user_manager);
  for (const char* other : {"/", "", "/system.slice/demo.service/workers", "/x", "/a.timer"}) {
    EXPECT_FALSE(unit_of_group(other)) << other;
  }
}

}  // namespace
}  // namespace ceiling
