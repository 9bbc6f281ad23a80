#include "harness/configs/sysctl.h"

#include <gtest/gtest.h>

#include "tests/unit/cgroups/fake_tree.h"

namespace ceiling {
namespace {

constexpr const char* kThreads = "kernel.threads-max";

std::string said(const FakeTree& tree, std::string_view name, std::int64_t value) {
  return sysctl_origin(tree.root(), name, value).text;
}

TEST(Sysctl, NamesTheLineThatSetTheValue) {
  FakeTree tree;
  tree.file("/etc/sysctl.d/10-a.conf", "# one\n; two\n\n  kernel.threads-max =  4000  \n");
  const Origin origin = sysctl_origin(tree.root(), kThreads, 4000);
  EXPECT_EQ(origin.text, "/etc/sysctl.d/10-a.conf:4");
  EXPECT_EQ(origin.source, Origin::Source::sysctl);
  EXPECT_TRUE(origin.in_force);
  EXPECT_EQ(origin.file, "/etc/sysctl.d/10-a.conf");
  EXPECT_EQ(origin.line, 4u);
}

TEST(Sysctl, SaysWhenAnotherValueIsInForce) {
  FakeTree tree;
  tree.file("/etc/sysctl.d/10-a.conf", "kernel.pid_max=100\n");
  const Origin origin = sysctl_origin(tree.root(), "kernel.pid_max", 4194304);
  EXPECT_EQ(origin.text,
            "/etc/sysctl.d/10-a.conf:1 says 100, 4194304 is in force: changed since boot");
  EXPECT_FALSE(origin.in_force);
}

TEST(Sysctl, TheLaterNameWinsWhereverItsFolderIs) {
  FakeTree tree;
  tree.file("/etc/sysctl.d/10-a.conf", "kernel.threads-max=1\n")
      .file("/usr/lib/sysctl.d/50-b.conf", "kernel.threads-max=2\n")
      .file("/run/sysctl.d/40-c.conf", "kernel.threads-max=3\n");
  EXPECT_EQ(said(tree, kThreads, 2), "/usr/lib/sysctl.d/50-b.conf:1");
}

TEST(Sysctl, ANameHidesItselfInLaterFolders) {
  const std::vector<std::string> folders{"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"};
  for (std::size_t first = 0; first < folders.size(); ++first) {
    FakeTree tree;
    for (std::size_t i = first; i < folders.size(); ++i) {
      tree.file(folders[i] + "/sysctl.d/50-a.conf",
                "kernel.threads-max=" + std::to_string(i + 1) + "\n");
    }
    EXPECT_EQ(said(tree, kThreads, static_cast<std::int64_t>(first + 1)),
              folders[first] + "/sysctl.d/50-a.conf:1");
  }
}

TEST(Sysctl, ALinkToNowhereTakesAFileAway) {
  FakeTree tree;
  tree.file("/usr/lib/sysctl.d/50-pid-max.conf", "kernel.pid_max = 4194304\n")
      .link("/etc/sysctl.d/50-pid-max.conf", "/dev/null");
  EXPECT_EQ(said(tree, "kernel.pid_max", 4194304), "");
}

TEST(Sysctl, SysctlConfIsReadLastAsProcpsDoes) {
  FakeTree tree;
  tree.file("/etc/sysctl.d/99-z.conf", "kernel.threads-max=1\n")
      .file("/etc/sysctl.conf", "kernel.threads-max=2\n");
  EXPECT_EQ(said(tree, kThreads, 2), "/etc/sysctl.conf:1");
  EXPECT_EQ(said(tree, kThreads, 1), "/etc/sysctl.d/99-z.conf:1") << "as systemd-sysctl leaves it";
  EXPECT_EQ(said(tree, kThreads, 3),
            "/etc/sysctl.conf:1 says 2, 3 is in force: changed since boot");
}

TEST(Sysctl, WhatALineMayLookLike) {
  const struct {
    const char* line;
    const char* name;
    bool found;
  } cases[] = {
      {"kernel.threads-max=7", kThreads, true},
      {"kernel/threads-max=7", kThreads, true},
      {"-kernel.threads-max = 7", kThreads, true},
      {"kernel.threads-max=0x7", kThreads, true},
      {"kernel.threads-max=07", kThreads, true},
      {"kernel.*=7", kThreads, true},
      {"kernel/threads-m?x=7", kThreads, true},
      {"*=7", kThreads, false},
      {"kernel.threads-max", kThreads, false},
      {"kernel.threads-max=", kThreads, false},
      {"kernel.threads-max=seven", kThreads, false},
      {"kernel.threads-max=-7", kThreads, false},
      {"kernel.threads-max=99999999999999999999", kThreads, false},
      {"kernel.threads-max.x=7", kThreads, false},
      {"#kernel.threads-max=7", kThreads, false},
      {";kernel.threads-max=7", kThreads, false},
      {"net.ipv4.conf.enp3s0/200.forwarding=7", "net/ipv4/conf/enp3s0.200/forwarding", true},
      {"net/ipv4/conf/enp3s0.200/forwarding=7", "net.ipv4.conf.enp3s0/200.forwarding", true},
      {"net.ipv4.conf.*.forwarding=7", "net.ipv4.conf.all.forwarding", true},
      {"net.ipv4.*.forwarding=7", "net.ipv4.conf.all.forwarding", false},
  };
  for (const auto& one : cases) {
    FakeTree tree;
    tree.file("/etc/sysctl.d/a.conf", std::string(one.line) + "\n");
    EXPECT_EQ(said(tree, one.name, 7), one.found ? "/etc/sysctl.d/a.conf:1" : "") << one.line;
  }
}

TEST(Sysctl, AKeyWrittenOutBeatsAGlobAndADashTakesItOut) {
  FakeTree tree;
  tree.file("/etc/sysctl.d/a.conf", "kernel.threads-max=1\nkernel.threads-*=2\nkernel.*=3\n")
      .file("/etc/sysctl.d/b.conf", "-kernel.pid_max\n");
  EXPECT_EQ(said(tree, kThreads, 1), "/etc/sysctl.d/a.conf:1");
  EXPECT_EQ(said(tree, "kernel.sysrq", 3), "/etc/sysctl.d/a.conf:3");
  EXPECT_EQ(said(tree, "kernel.pid_max", 3), "");
}

TEST(Sysctl, KnowsTheKernelsDefaults) {
  FakeTree tree;
  tree.file("/proc/meminfo", "MemTotal:       24684084 kB\nMemFree: 1 kB\n")
      .file("/sys/devices/system/cpu/possible", "0-63\n");
  EXPECT_EQ(said(tree, kThreads, 192730), "kernel default");
  EXPECT_EQ(said(tree, kThreads, 188988), "kernel default") << "2 % below";
  EXPECT_EQ(said(tree, kThreads, 188987), "");
  EXPECT_EQ(said(tree, "kernel.pid_max", 65536), "kernel default");
  EXPECT_EQ(said(tree, "kernel.pid_max", 32768), "");
  EXPECT_EQ(said(tree, "vm.max_map_count", 65530), "kernel default");
  EXPECT_EQ(said(tree, "vm.max_map_count", 65531), "");
  EXPECT_EQ(said(tree, "vm.overcommit_memory", 0), "kernel default");
  EXPECT_EQ(said(tree, "vm.overcommit_memory", 2), "");
}

TEST(Sysctl, ADefaultThatCannotBeKnownIsNotClaimed) {
  FakeTree tree;
  EXPECT_EQ(said(tree, kThreads, 192730), "");
  EXPECT_EQ(said(tree, "kernel.pid_max", 32768), "");
  tree.file("/sys/devices/system/cpu/possible", "0\n");
  EXPECT_EQ(said(tree, "kernel.pid_max", 32768), "kernel default");
}

}  // namespace
}  // namespace ceiling
