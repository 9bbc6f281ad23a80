#include <gtest/gtest.h>

#include <cerrno>

#include "cgroups/error.h"
#include "cgroups/headroom.h"
#include "cgroups/limits/pid_max.h"
#include "cgroups/limits/pids_max.h"
#include "cgroups/limits/rlimit_nproc.h"
#include "cgroups/limits/threads_max.h"
#include "tests/unit/cgroups/fake_tree.h"

namespace ceiling {
namespace {

constexpr const char* kLimits =
    "Limit                     Soft Limit           Hard Limit           Units\n"
    "Max processes             10                   20                   processes\n"
    "Max open files            1024                 524288               files\n";

/// A host with pids on v1 at /sys/fs/cgroup/pids.
class FakeHost : public testing::Test {
 protected:
  FakeHost() {
    tree_.file("/proc/self/mountinfo", v1_mount("/", "/sys/fs/cgroup/pids", "pids"))
        .file("/proc/self/cgroup", "8:pids:/a/b\n")
        .file("/proc/loadavg", "0.73 0.24 0.08 1/89 5646\n")
        .file("/proc/sys/kernel/threads-max", "192729\n")
        .file("/proc/sys/kernel/pid_max", "350\n")
        .file("/proc/sys/kernel/ns_last_pid", "320\n")
        .link("/proc/self/ns/pid", "pid:[4026531836]");
    group("/a", "max", 7);
    group("/a/b", "10", 4);
    process("self", 0, 1, "000001ffffffffff");
  }

  void group(const std::string& path, const std::string& max, int current) {
    const std::string folder = "/sys/fs/cgroup/pids" + path;
    tree_.file(folder + "/pids.max", max + "\n")
        .file(folder + "/pids.current", std::to_string(current) + "\n")
        .file(folder + "/pids.events", "max 3\n");
  }

  void process(const std::string& pid, int uid, int threads, const std::string& capabilities,
               const std::string& map = "         0          0 4294967295\n") {
    const std::string ids = std::to_string(uid);
    tree_
        .file("/proc/" + pid + "/status", "Name:\tx\nUid:\t" + ids + "\t0\t0\t0\nThreads:\t" +
                                              std::to_string(threads) + "\nCapEff:\t" +
                                              capabilities + "\n")
        .file("/proc/" + pid + "/limits", kLimits)
        .file("/proc/" + pid + "/uid_map", map);
    if (pid != "self") tree_.link("/proc/" + pid + "/ns/pid", "pid:[4026531836]");
  }

  Hierarchy hierarchy() const { return Hierarchy::detect(tree_.root()); }

  FakeTree tree_;
};

TEST_F(FakeHost, EveryGroupOnThePathIsARowLeafFirst) {
  const std::vector<Limit> rows = pids_max_limits(hierarchy(), "/a/b");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].scope, "/a/b");
  EXPECT_EQ(rows[0].where, tree_.at("/sys/fs/cgroup/pids/a/b/pids.max"));
  EXPECT_EQ(rows[0].value, 10);
  EXPECT_EQ(rows[0].used, 4);
  EXPECT_EQ(rows[0].threads_left, 6);
  EXPECT_EQ(rows[0].refusal_errno, EAGAIN);
  EXPECT_TRUE(rows[0].exact);
  EXPECT_EQ(rows[1].scope, "/a");
  EXPECT_EQ(rows[1].value, std::nullopt);
  EXPECT_EQ(rows[1].threads_left, std::nullopt);
}

TEST_F(FakeHost, GroupAboveItsLimitHasNothingLeft) {
  group("/a/b", "3", 4);
  EXPECT_EQ(pids_max_limits(hierarchy(), "/a/b").at(0).threads_left, 0);
}

TEST_F(FakeHost, RootGroupHasNoRow) {
  EXPECT_TRUE(pids_max_limits(hierarchy(), "/").empty());
}

TEST_F(FakeHost, TopOfWhatIsMountedIsAnUpperBoundWhereItIsNotTheRoot) {
  tree_.file("/proc/self/mountinfo", v1_mount("/docker/x", "/sys/fs/cgroup/pids", "pids"));
  group("", "5", 2);
  const std::vector<Limit> rows = pids_max_limits(hierarchy(), "/docker/x/a");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_TRUE(rows[0].exact);
  EXPECT_EQ(rows[1].scope, "/docker/x");
  EXPECT_EQ(rows[1].value, 5);
  EXPECT_FALSE(rows[1].exact);
}

TEST_F(FakeHost, DamagedControlFileIsNamed) {
  tree_.file("/sys/fs/cgroup/pids/a/b/pids.max", "ten\n");
  try {
    pids_max_limits(hierarchy(), "/a/b");
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/a/b/pids.max"), std::string::npos);
  }
}

TEST_F(FakeHost, NprocSumsTheThreadsOfTheRealUid) {
  process("100", 1000, 3, "0");
  process("101", 1000, 4, "0");
  process("102", 1001, 50, "0");
  const Limit row = rlimit_nproc_limit(100, {}, tree_.root());
  EXPECT_EQ(row.scope, "uid 1000");
  EXPECT_EQ(row.value, 10) << "the soft limit";
  EXPECT_EQ(row.used, 7);
  EXPECT_EQ(row.threads_left, 3);
  EXPECT_TRUE(row.applies);
  EXPECT_TRUE(row.exact);
}

TEST_F(FakeHost, NprocExemptsRootAndTwoCapabilitiesOfTheHost) {
  process("100", 1000, 3, "0000000000200000");  // CAP_SYS_ADMIN
  process("101", 1000, 3, "0000000001000000");  // CAP_SYS_RESOURCE
  process("102", 1000, 3, "0000000000000001");
  EXPECT_FALSE(rlimit_nproc_limit(100, {}, tree_.root()).applies);
  EXPECT_FALSE(rlimit_nproc_limit(101, {}, tree_.root()).applies);
  EXPECT_TRUE(rlimit_nproc_limit(102, {}, tree_.root()).applies);
  EXPECT_FALSE(rlimit_nproc_limit(0, {}, tree_.root()).applies);
  EXPECT_TRUE(rlimit_nproc_limit(0, 1000, tree_.root()).applies) << "as that uid";
  EXPECT_EQ(rlimit_nproc_limit(0, 1000, tree_.root()).threads_left, 1);
}

TEST_F(FakeHost, RootOfAContainersOwnUserNamespaceIsNotExempt) {
  process("100", 0, 3, "000001ffffffffff", "0 100000 65536\n");
  const Limit row = rlimit_nproc_limit(100, {}, tree_.root());
  EXPECT_TRUE(row.applies);
  EXPECT_FALSE(row.exact);
}

TEST_F(FakeHost, NprocOfAProcessThatIsGoneIsAnError) {
  EXPECT_THROW(rlimit_nproc_limit(999, {}, tree_.root()), Error);
}

TEST_F(FakeHost, ThreadsMaxCountsWhatIsAfterTheSlash) {
  const Limit row = threads_max_limit(tree_.root());
  EXPECT_EQ(row.value, 192729);
  EXPECT_EQ(row.used, 89);
  EXPECT_EQ(row.threads_left, 192640);
  tree_.file("/proc/loadavg", "0.73\n");
  EXPECT_THROW(threads_max_limit(tree_.root()), Error);
}

TEST_F(FakeHost, PidMaxPastTheReservedNumbersStartsAtThem) {
  EXPECT_EQ(pid_max_limit(tree_.root()).threads_left, 50) << "300 to 349";
  tree_.file("/proc/sys/kernel/ns_last_pid", "8\n");
  EXPECT_EQ(pid_max_limit(tree_.root()).threads_left, 341) << "9 to 349";
}

TEST_F(FakeHost, PidMaxCountsThreadsGroupsAndSessionsAsHeld) {
  // Process 310 with thread 312, in the group 311 and session 305 of leaders that are gone; its
  // name tries to look like the end of the name.
  tree_.file("/proc/310/stat", "310 (a) S 1 2) S 1 311 305 0 -1\n")
      .file("/proc/310/task/310/stat", "")
      .file("/proc/310/task/312/stat", "")
      .file("/proc/20/stat", "20 (low) S 1 20 20 0 -1\n");
  const Limit row = pid_max_limit(tree_.root());
  EXPECT_EQ(row.used, 5);
  EXPECT_EQ(row.threads_left, 46) << "20 is below the range";
  EXPECT_TRUE(row.exact);
}

TEST_F(FakeHost, PidMaxIsABoundWhereItCannotBeSeen) {
  std::filesystem::remove(tree_.at("/proc/sys/kernel/ns_last_pid"));
  EXPECT_FALSE(pid_max_limit(tree_.root()).exact);
  EXPECT_EQ(pid_max_limit(tree_.root()).threads_left, 50);
  tree_.file("/proc/sys/kernel/ns_last_pid", "400\n");
  std::filesystem::remove(tree_.at("/proc/self/ns/pid"));
  tree_.link("/proc/self/ns/pid", "pid:[4026532999]");
  EXPECT_FALSE(pid_max_limit(tree_.root()).exact);
}

TEST_F(FakeHost, HeadroomPutsTheBindingLimitFirstAndTheUnlimitedLast) {
  const Headroom found = headroom(hierarchy());
  ASSERT_EQ(found.limits.size(), 5u);
  EXPECT_EQ(found.binding()->scope, "/a/b");
  EXPECT_EQ(found.threads_left(), 6);
  EXPECT_EQ(found.limits[1].name, "kernel.pid_max");
  EXPECT_EQ(found.limits[2].name, "kernel.threads-max");
}

TEST_F(FakeHost, AmongEqualsTheKernelsOrderDecides) {
  process("100", 1000, 4, "0");
  tree_.file("/proc/100/cgroup", "8:pids:/a/b\n");
  EXPECT_EQ(headroom(hierarchy(), {100, {}, {}}).threads_left(), 6);
  EXPECT_EQ(headroom(hierarchy(), {100, {}, {}}).binding()->name, "RLIMIT_NPROC");
}

TEST_F(FakeHost, SharedLimitsLeaveOutWhatIsOurOwn) {
  const std::vector<Limit> rows = shared_limits(hierarchy());
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].name, "kernel.threads-max");
  EXPECT_EQ(rows[1].name, "kernel.pid_max");
  EXPECT_EQ(rows[2].scope, "/a/b");
  EXPECT_EQ(rows[3].scope, "/a");
}

TEST_F(FakeHost, OverfilledIsMoreThanTheShare) {
  const std::vector<Limit> rows = pids_max_limits(hierarchy(), "/a/b");
  EXPECT_FALSE(first_overfilled(rows, 4)) << "8 of 10 are 80 %";
  ASSERT_TRUE(first_overfilled(rows, 5));
  EXPECT_EQ(first_overfilled(rows, 5)->scope, "/a/b");
}

}  // namespace
}  // namespace ceiling
