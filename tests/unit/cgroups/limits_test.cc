#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "cgroups/error.h"
#include "cgroups/headroom.h"
#include "cgroups/host_use.h"
#include "tests/unit/cgroups/fake_tree.h"

namespace ceiling {
namespace {

constexpr const char* kLimits =
    "Limit                     Soft Limit           Hard Limit           Units\n"
    "Max processes             10                   20                   processes\n"
    "Max address space         unlimited            unlimited            bytes\n"
    "Max data size             unlimited            unlimited            bytes\n"
    "Max locked memory         8388608              8388608              bytes\n"
    "Max stack size            8388608              unlimited            bytes\n"
    "Max open files            1024                 524288               files\n";

/// A host with pids on v1 at /sys/fs/cgroup/pids.
class FakeHost : public testing::Test {
 protected:
  FakeHost() {
    tree_.file("/proc/self/mountinfo", v1_mount("/", "/sys/fs/cgroup/pids", "pids"))
        .file("/proc/self/cgroup", "8:pids:/a/b\n")
        .file("/proc/loadavg", "0.73 0.24 0.08 1/89 5646\n")
        .file("/proc/sys/kernel/threads-max", "192729\n")
        .file("/proc/sys/kernel/pid_max", "4194304\n")
        .file("/proc/sys/kernel/ns_last_pid", "320\n")
        .file("/proc/sys/vm/max_map_count", "65530\n")
        .file("/proc/sys/vm/overcommit_memory", "0\n")
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
    const std::string leader = pid == "self" ? "1" : pid;
    tree_.file("/proc/" + pid + "/stat", "")
        .file("/proc/" + pid + "/cgroup", "8:pids:/a/b\n")
        .file("/proc/" + pid + "/maps",
              "00400000-00401000 r-xp 00000000 00:00 0 /x\n"
              "00800000-00900000 rw-p 00000000 00:00 0 [heap]\n")
        .file("/proc/" + pid + "/status",
              "VmSize: 100 kB\nVmData: 40 kB\nVmLck: 0 kB\nNSpgid:\t" + leader + "\nNSsid:\t" +
                  leader + "\nName:\tx\nUid:\t" + ids + "\t0\t0\t0\nThreads:\t" +
                  std::to_string(threads) + "\nCapEff:\t" + capabilities + "\n")
        .file("/proc/" + pid + "/limits", kLimits)
        .file("/proc/" + pid + "/uid_map", map);
    if (pid != "self") tree_.link("/proc/" + pid + "/ns/pid", "pid:[4026531836]");
  }

  void tasks_of_host(int tasks) {
    tree_.file("/proc/loadavg", "0.73 0.24 0.08 1/" + std::to_string(tasks) + " 5646\n");
  }

  Hierarchy hierarchy() const { return Hierarchy::detect(tree_.root()); }

  /// The rows named `name` of a target, in the order of their scopes from the leaf.
  std::vector<Limit> rows(const std::string& name, const Target& target = {},
                          const Question& question = {}) const {
    std::vector<Limit> found;
    Headroom all = headroom(hierarchy(), target, question);
    for (const Limit& row : all.limits) {
      if (row.name == name) found.push_back(row);
    }
    std::stable_sort(found.begin(), found.end(), [](const Limit& a, const Limit& b) {
      return a.scope.size() > b.scope.size();
    });
    return found;
  }
  Limit row(const std::string& name, const Target& target = {},
            const Question& question = {}) const {
    const std::vector<Limit> found = rows(name, target, question);
    if (found.size() != 1) throw Error(name + ": " + std::to_string(found.size()) + " rows");
    return found.front();
  }

  FakeTree tree_;
};

TEST_F(FakeHost, EveryGroupOnThePathIsARowLeafFirst) {
  const std::vector<Limit> found = rows("pids.max", {.group = "/a/b"});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].scope, "/a/b");
  EXPECT_EQ(found[0].where, tree_.at("/sys/fs/cgroup/pids/a/b/pids.max"));
  EXPECT_EQ(found[0].value, 10);
  EXPECT_EQ(found[0].used, 4);
  EXPECT_EQ(found[0].threads_left, 6);
  EXPECT_EQ(found[0].refusal_errno, EAGAIN);
  EXPECT_TRUE(found[0].exact());
  EXPECT_EQ(found[1].scope, "/a");
  EXPECT_EQ(found[1].value, std::nullopt);
  EXPECT_EQ(found[1].threads_left, std::nullopt);
}

TEST_F(FakeHost, GroupAboveItsLimitHasNothingLeft) {
  group("/a/b", "3", 4);
  EXPECT_EQ(rows("pids.max", {.group = "/a/b"}).at(0).threads_left, 0);
}

TEST_F(FakeHost, RootGroupHasNoRow) {
  EXPECT_TRUE(rows("pids.max", {.group = "/"}).empty());
}

TEST_F(FakeHost, TopOfWhatIsMountedIsAnUpperBoundWhereItIsNotTheRoot) {
  tree_.file("/proc/self/mountinfo", v1_mount("/docker/x", "/sys/fs/cgroup/pids", "pids"));
  group("", "5", 2);
  const std::vector<Limit> found = rows("pids.max", {.group = "/docker/x/a"});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(found[0].exact());
  EXPECT_EQ(found[1].scope, "/docker/x");
  EXPECT_EQ(found[1].value, 5);
  EXPECT_FALSE(found[1].exact());
}

TEST_F(FakeHost, DamagedControlFileIsNamed) {
  tree_.file("/sys/fs/cgroup/pids/a/b/pids.max", "ten\n");
  try {
    rows("pids.max", {.group = "/a/b"});
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/a/b/pids.max"), std::string::npos);
  }
}

TEST_F(FakeHost, NprocSumsTheThreadsOfTheRealUid) {
  process("100", 1000, 3, "0");
  process("101", 1000, 4, "0");
  process("102", 1001, 50, "0");
  const Limit found = row("RLIMIT_NPROC", {.pid = 100});
  EXPECT_EQ(found.scope, "uid 1000");
  EXPECT_EQ(found.value, 10) << "the soft limit";
  EXPECT_EQ(found.used, 7);
  EXPECT_EQ(found.threads_left, 3);
  EXPECT_TRUE(found.applies);
  EXPECT_TRUE(found.exact());
}

TEST_F(FakeHost, NprocExemptsRootAndTwoCapabilitiesOfTheHost) {
  process("100", 1000, 3, "0000000000200000");  // CAP_SYS_ADMIN
  process("101", 1000, 3, "0000000001000000");  // CAP_SYS_RESOURCE
  process("102", 1000, 3, "0000000000000001");
  EXPECT_FALSE(row("RLIMIT_NPROC", {.pid = 100}).applies);
  EXPECT_FALSE(row("RLIMIT_NPROC", {.pid = 101}).applies);
  EXPECT_TRUE(row("RLIMIT_NPROC", {.pid = 102}).applies);
  EXPECT_FALSE(row("RLIMIT_NPROC", {.pid = 0}).applies);
  EXPECT_TRUE(row("RLIMIT_NPROC", {.uid = 1000}).applies) << "as that uid";
  EXPECT_EQ(row("RLIMIT_NPROC", {.uid = 1000}).threads_left, 1);
}

TEST_F(FakeHost, RootOfAContainersOwnUserNamespaceIsNotExempt) {
  process("100", 0, 3, "000001ffffffffff", "0 100000 65536\n");
  const Limit found = row("RLIMIT_NPROC", {.pid = 100});
  EXPECT_TRUE(found.applies);
  EXPECT_FALSE(found.exact());
}

TEST_F(FakeHost, NprocOfAProcessThatIsGoneIsAnError) {
  EXPECT_THROW(row("RLIMIT_NPROC", {.pid = 999}), Error);
}

TEST_F(FakeHost, ThreadsMaxCountsWhatIsAfterTheSlash) {
  const Limit found = row("kernel.threads-max");
  EXPECT_EQ(found.value, 192729);
  EXPECT_EQ(found.used, 89);
  EXPECT_EQ(found.threads_left, 192640);
  EXPECT_TRUE(found.exact());
}

TEST_F(FakeHost, FilesThatAreMissingMakeTheirRowsUnknownAndSayWhich) {
  tree_.file("/proc/loadavg", "0.73\n");
  std::filesystem::remove(tree_.at("/proc/sys/kernel/pid_max"));
  std::filesystem::remove(tree_.at("/proc/sys/vm/max_map_count"));
  for (const auto& [name, file] :
       std::map<std::string, std::string>{{"kernel.threads-max", "loadavg"},
                                          {"kernel.pid_max", "pid_max"},
                                          {"vm.max_map_count", "max_map_count"}}) {
    const Limit found = row(name);
    EXPECT_EQ(found.certainty, Certainty::unknown) << name;
    EXPECT_EQ(found.threads_left, std::nullopt) << name;
    EXPECT_EQ(found.at_least(), 0) << name;
    EXPECT_NE(found.note.find(file), std::string::npos) << found.note;
  }
  EXPECT_EQ(headroom(hierarchy()).binding()->scope, "/a/b") << "the rest still answers";
}

// Whatever file cannot be seen: a number that is called exact is the right one.
TEST_F(FakeHost, AnyOneFileThatIsMissingMakesNoNumberWrong) {
  process("100", 1000, 4, "0");
  process("101", 1000, 2, "0");
  tasks_of_host(6);
  tree_.file("/proc/version", "Linux version 6.12.0\n")
      .file("/proc/meminfo",
            "MemTotal: 8000000 kB\nCommitLimit: 4000000 kB\nCommitted_AS: 100000 kB\n")
      .file("/proc/sys/vm/overcommit_memory", "2\n")
      .file("/proc/sys/vm/user_reserve_kbytes", "131072\n")
      .file("/proc/sys/vm/admin_reserve_kbytes", "8192\n")
      .file("/proc/sys/kernel/osrelease", "6.12.0\n")
      .file("/proc/sys/kernel/pid_max", "400\n");
  const Question question{.count = true, .threads_per_peer = 1};
  const auto answer = [&] {
    std::map<std::string, Limit> found;
    for (const Limit& limit : headroom(hierarchy(), {.pid = 100}, question).limits) {
      found.emplace(limit.name + " of " + limit.scope, limit);
    }
    return found;
  };
  const std::map<std::string, Limit> whole = answer();
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tree_.root())) {
    // Without these two a process is gone, not hidden.
    const bool there =
        entry.path().filename() == "stat" || entry.path() == tree_.at("/proc/101/status");
    if (!entry.is_directory() && !there) files.push_back(entry.path());
  }
  const std::filesystem::path aside = tree_.root() / "aside";
  int told = 0;
  for (const auto& file : files) {
    std::filesystem::rename(file, aside);
    try {
      for (const auto& [name, limit] : answer()) {
        if (limit.exact()) {
          ASSERT_TRUE(whole.contains(name)) << name << " without " << file;
          EXPECT_EQ(limit.threads_left, whole.at(name).threads_left) << name << " without " << file;
          EXPECT_EQ(limit.value, whole.at(name).value) << name << " without " << file;
        } else {
          EXPECT_NE(limit.note, "") << name << " without " << file;
        }
      }
    } catch (const Error& error) {
      ++told;
      EXPECT_STRNE(error.what(), "") << file;
    }
    std::filesystem::rename(aside, file);
  }
  EXPECT_EQ(answer().size(), whole.size());
  EXPECT_LT(told, 10) << "most of them leave an answer";
}

class FakePids : public FakeHost {
 protected:
  FakePids() {
    tree_.file("/proc/sys/kernel/pid_max", "350\n");
    tasks_of_host(0);
    group("/a/b", "max", 4);
  }
};

TEST_F(FakePids, PastTheReservedNumbersTheRangeStartsAtThem) {
  EXPECT_EQ(row("kernel.pid_max").threads_left, 50) << "300 to 349";
  tree_.file("/proc/sys/kernel/ns_last_pid", "8\n");
  EXPECT_EQ(row("kernel.pid_max").threads_left, 341) << "9 to 349";
}

TEST_F(FakePids, TasksAndTheGroupsAndSessionsOfDeadLeadersHoldNumbers) {
  // Process 310 has a second thread, and is in the group 311 and the session 305 of leaders that
  // are gone. Process 20 is below the range.
  process("310", 7, 2, "0");
  tree_.file("/proc/310/status", "Uid:\t7\nThreads:\t2\nNSpgid:\t311\nNSsid:\t305\n");
  process("20", 7, 1, "0");
  tasks_of_host(3);
  const Limit found = row("kernel.pid_max");
  EXPECT_EQ(found.used, 4);
  EXPECT_EQ(found.threads_left, 46);
  EXPECT_TRUE(found.exact());
}

// After kernel.pid_max was lowered, tasks keep numbers that nobody could get now.
TEST_F(FakePids, NumbersBeyondTheLimitTakeNoRoom) {
  process("310", 7, 2, "0");
  tree_.file("/proc/310/status", "Uid:\t7\nThreads:\t2\nNSpgid:\t1310\nNSsid:\t305\n");
  tree_.file("/proc/310/task/310/stat", "").file("/proc/310/task/1311/stat", "");
  process("1400", 7, 1, "0");
  tasks_of_host(3);
  const Limit found = row("kernel.pid_max");
  EXPECT_EQ(found.used, 2) << "310, and the session 305";
  EXPECT_EQ(found.threads_left, 48);
  EXPECT_TRUE(found.exact());
}

// What a run asks that is going to lower kernel.pid_max.
TEST_F(FakePids, NumbersTakenBelowALimitThatIsNotSetYet) {
  process("310", 7, 2, "0");
  tree_.file("/proc/310/status", "Uid:\t7\nThreads:\t2\nNSpgid:\t311\nNSsid:\t305\n");
  tree_.file("/proc/310/task/310/stat", "").file("/proc/310/task/333/stat", "");
  process("20", 7, 1, "0");
  tasks_of_host(3);
  EXPECT_EQ(host_tasks(hierarchy()), 3);
  EXPECT_EQ(pid_numbers_taken(hierarchy(), 4194304), 304) << "0 to 299, 305, 310, 311, 333";
  EXPECT_EQ(pid_numbers_taken(hierarchy(), 333), 303);
  EXPECT_EQ(pid_numbers_taken(hierarchy(), 301), 300);
}

TEST_F(FakePids, WhatCannotBeSeenMakesItABound) {
  std::filesystem::remove(tree_.at("/proc/sys/kernel/ns_last_pid"));
  EXPECT_EQ(row("kernel.pid_max").certainty, Certainty::at_least);
  EXPECT_EQ(row("kernel.pid_max").threads_left, 50);
  tree_.file("/proc/sys/kernel/ns_last_pid", "400\n");
  std::filesystem::remove(tree_.at("/proc/self/ns/pid"));
  tree_.link("/proc/self/ns/pid", "pid:[4026532999]");
  EXPECT_EQ(row("kernel.pid_max").certainty, Certainty::at_most);
}

TEST_F(FakePids, NothingIsCountedWhereTheTasksOfTheHostSayThatItCannotBind) {
  tree_.file("/proc/sys/kernel/pid_max", "32768\n");
  group("/a/b", "10", 4);
  tasks_of_host(1000);
  const Limit found = row("kernel.pid_max");
  EXPECT_EQ(found.certainty, Certainty::at_least);
  const auto links = static_cast<std::int64_t>(std::filesystem::hard_link_count(tree_.at("/proc")));
  EXPECT_EQ(found.threads_left, 32768 - 300 - 1000 - 2 * links) << "two more a process at most";
}

TEST_F(FakePids, NothingIsCountedWhereTheBoundLeavesWhatIsNeeded) {
  tree_.file("/proc/sys/kernel/pid_max", "32768\n").file("/proc/sys/vm/max_map_count", "4000000\n");
  tasks_of_host(1000);
  const auto pid_max_for = [&](std::optional<std::int64_t> needed) {
    const Headroom found = headroom(hierarchy(), Target{}, {.needed = needed});
    return std::find_if(found.limits.begin(), found.limits.end(),
                        [](const Limit& limit) { return limit.name == "kernel.pid_max"; })
        ->certainty;
  };
  EXPECT_EQ(pid_max_for(30000), Certainty::at_least);
  EXPECT_EQ(pid_max_for(32000), Certainty::exact) << "it could refuse one of them";
  EXPECT_EQ(pid_max_for(std::nullopt), Certainty::exact) << "asked for how many";
}

TEST_F(FakeHost, HeadroomPutsTheBindingLimitFirstAndTheUnknownLast) {
  std::filesystem::remove(tree_.at("/proc/sys/vm/max_map_count"));
  const Headroom found = headroom(hierarchy());
  EXPECT_EQ(found.binding()->scope, "/a/b");
  EXPECT_EQ(found.threads_left(), 6);
  EXPECT_EQ(found.limits[1].name, "kernel.threads-max");
  EXPECT_EQ(found.limits[2].name, "kernel.pid_max");
  EXPECT_EQ(found.limits.back().name, "vm.max_map_count");
}

TEST_F(FakeHost, AmongEqualsTheKernelsOrderDecides) {
  process("100", 1000, 4, "0");
  EXPECT_EQ(headroom(hierarchy(), {.pid = 100}).threads_left(), 6);
  EXPECT_EQ(headroom(hierarchy(), {.pid = 100}).binding()->name, "RLIMIT_NPROC");
}

TEST_F(FakeHost, KernelInUserSpaceIsNotAnsweredFor) {
  tree_.file("/proc/version", "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n");
  const Headroom found = headroom(hierarchy());
  EXPECT_EQ(found.binding(), nullptr);
  for (const Limit& limit : found.limits) {
    EXPECT_EQ(limit.certainty, Certainty::unknown) << limit.name;
    EXPECT_NE(limit.note.find("gVisor"), std::string::npos) << limit.note;
  }
}

TEST_F(FakeHost, KernelsInUserSpaceAreToldFromLinux) {
  for (const auto& [version, kernel] : std::map<std::string, std::string>{
           {"Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com) #1 SMP", "WSL 1"},
           {"Linux version 5.15.90.1-microsoft-standard-WSL2 (oe-user@oe-host) #1 SMP", ""},
           {"Linux version 4.19.0-gVisor #1 SMP", "gVisor"},
           {"Linux version 6.12.0 (debian-kernel@lists.debian.org) #1 SMP", ""}}) {
    tree_.file("/proc/version", version + "\n");
    const Headroom found = headroom(hierarchy());
    EXPECT_EQ(found.facts.host.other_kernel, kernel) << version;
    EXPECT_EQ(found.binding() == nullptr, !kernel.empty()) << version;
  }
}

TEST_F(FakeHost, HiddenProcessesMakeNprocAnUpperBound) {
  tree_.file("/proc/self/mountinfo",
             v1_mount("/", "/sys/fs/cgroup/pids", "pids") +
                 "22 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw,hidepid=invisible\n");
  process("self", 1000, 1, "0");
  process("100", 1000, 3, "0");
  const Limit hidden = row("RLIMIT_NPROC", {.pid = 100});
  EXPECT_EQ(hidden.certainty, Certainty::at_most);
  EXPECT_NE(hidden.note.find("hidepid=invisible"), std::string::npos) << hidden.note;
  process("self", 1000, 1, "0000000000080000");  // CAP_SYS_PTRACE
  EXPECT_TRUE(row("RLIMIT_NPROC", {.pid = 100}).exact());
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
  const std::vector<Limit> found = rows("pids.max", {.group = "/a/b"});
  EXPECT_FALSE(first_overfilled(found, 4)) << "8 of 10 are 80 %";
  ASSERT_TRUE(first_overfilled(found, 5));
  EXPECT_EQ(first_overfilled(found, 5)->scope, "/a/b");
}

}  // namespace
}  // namespace ceiling
