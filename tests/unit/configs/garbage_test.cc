#include <gtest/gtest.h>

#include <random>

#include "harness/configs/limits_conf.h"
#include "harness/configs/sysctl.h"
#include "harness/configs/systemd.h"
#include "tests/unit/cgroups/fake_tree.h"

namespace ceiling {
namespace {

/// Pieces that mean something to one of the parsers, and bytes that mean nothing.
std::string garbage(std::mt19937& random) {
  static const std::vector<std::string> kPieces{"[Service]", "[",
                                                "]",         "TasksMax",
                                                "LimitAS",   "=",
                                                "\\\n",      "\n",
                                                "#",         ";",
                                                "15%",       "64M",
                                                "1:2",       ":",
                                                "@",         "alice",
                                                "*",         "-",
                                                " ",         "\t",
                                                "nproc",     "as",
                                                "1e9",       "9999999999999999999",
                                                "infinity",  "kernel.threads-max",
                                                "kernel",    "/",
                                                ".",         "?",
                                                "0x",        "MemTotal:",
                                                "kB",        "\r\n",
                                                "'",         "\""};
  std::string text;
  for (std::size_t i = random() % 60; i > 0; --i) {
    if (random() % 8 == 0) {
      text += static_cast<char>(random() % 256);
    } else {
      text += kPieces[random() % kPieces.size()];
    }
  }
  return text;
}

TEST(Garbage, IsPassedOverInEveryFile) {
  std::mt19937 random(20201125);
  const Login alice{"alice", 1000, 500, {{"staff", 500}}};
  constexpr std::int64_t kNever = 424242;
  FakeTree tree;
  for (int round = 0; round < 100; ++round) {
    for (const char* file :
         {"/etc/sysctl.conf", "/etc/security/limits.conf", "/etc/passwd", "/etc/group",
          "/etc/systemd/system/demo.service", "/etc/systemd/system.conf", "/proc/meminfo",
          "/proc/sys/kernel/threads-max", "/proc/sys/kernel/pid_max",
          "/sys/devices/system/cpu/possible"}) {
      tree.file(file, garbage(random));
    }
    const UnitFiles demo = find_unit(tree.root(), "demo.service");
    for (const char* directive : {"TasksMax", "MemoryMax", "LimitAS", "LimitNPROC"}) {
      EXPECT_FALSE(unit_origin(tree.root(), demo, directive, kNever).in_force);
    }
    EXPECT_FALSE(sysctl_origin(tree.root(), "kernel.threads-max", kNever).in_force);
    EXPECT_FALSE(limits_conf_origin(tree.root(), alice, "as", kNever, LimitKind::hard).in_force);
    EXPECT_FALSE(login_of(tree.root(), 77));
  }
}

TEST(Garbage, LongLinesAndManyOfThem) {
  FakeTree tree;
  const std::string stars = std::string(100000, '*') + "x=1\n";
  std::string continued = "[Service]\n";
  for (int i = 0; i < 50000; ++i) continued += "TasksMax=\\\n";
  tree.file("/etc/sysctl.d/a.conf", stars + stars + "kernel.threads-max=7\n")
      .file("/etc/systemd/system/demo.service", continued);
  EXPECT_EQ(sysctl_origin(tree.root(), "kernel.threads-max", 7).line, 3u);
  const UnitFiles demo = find_unit(tree.root(), "demo.service");
  EXPECT_EQ(unit_origin(tree.root(), demo, "TasksMax", 7).text, "");
}

}  // namespace
}  // namespace ceiling
