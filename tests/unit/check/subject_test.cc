#include "harness/check/subject.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "harness/experiment/experiment.h"
#include "tests/unit/cgroups/fake_tree.h"
#include "tests/unit/check/facts.h"

namespace ceiling::test {
namespace {

using testing::HasSubstr;

constexpr const char* kLimits =
    "Limit                     Soft Limit           Hard Limit           Units\n"
    "Max processes             70                   70                   processes\n"
    "Max address space         unlimited            unlimited            bytes\n"
    "Max data size             unlimited            unlimited            bytes\n"
    "Max locked memory         8388608              8388608              bytes\n"
    "Max stack size            8388608              unlimited            bytes\n"
    "Max open files            1024                 524288               files\n";

std::string limits_with_nproc(const std::string& value) {
  std::string text = kLimits;
  return text.replace(text.find(" 70 "), 4, " " + value + " ");
}

/// A host with pids and memory on v2, where process 100 is in /system.slice/demo.service.
class SubjectTest : public testing::Test {
 protected:
  SubjectTest() {
    tree_.file("/proc/self/mountinfo", v2_mount("/", "/sys/fs/cgroup"))
        .file("/sys/fs/cgroup/cgroup.controllers", "pids memory\n")
        .file("/proc/loadavg", "0.73 0.24 0.08 1/89 5646\n")
        .file("/proc/sys/kernel/osrelease", "6.12.0\n")
        .file("/proc/sys/kernel/threads-max", "192729\n")
        .file("/proc/sys/kernel/pid_max", "4194304\n")
        .file("/proc/sys/kernel/ns_last_pid", "320\n")
        .file("/proc/sys/vm/max_map_count", "65530\n")
        .file("/proc/sys/vm/overcommit_memory", "0\n")
        .file("/etc/passwd", "root:x:0:0:::\ndemo:x:1000:1000:::\n")
        .file("/etc/group", "root:x:0:\ndemo:x:1000:\n")
        .link("/proc/self/ns/pid", "pid:[4026531836]");
    group("/system.slice", "200", 12);
    group("/system.slice/demo.service", "40", 3);
    process("1", 0, "0", "systemd", "/init.scope");
    process("100", 1000, "1", "demo", "/system.slice/demo.service");
    process("self", 0, "1", "ceiling", "/system.slice");
  }

  void group(const std::string& path, const std::string& max, int current) {
    const std::string folder = "/sys/fs/cgroup" + path;
    tree_.file(folder + "/pids.max", max + "\n")
        .file(folder + "/pids.current", std::to_string(current) + "\n")
        .file(folder + "/memory.max", "max\n")
        .file(folder + "/memory.current", "1000000\n");
  }

  void process(const std::string& pid, int uid, const std::string& parent, const std::string& name,
               const std::string& cgroup, const std::string& state = "S (sleeping)") {
    const std::string ids = std::to_string(uid);
    const std::string leader = pid == "self" ? "4242" : pid;
    tree_
        .file("/proc/" + pid + "/stat", leader +
                                            " (x y) S 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 "
                                            "1 0 777 0 0\n")
        .file("/proc/" + pid + "/cgroup", "0::" + cgroup + "\n")
        .file("/proc/" + pid + "/maps", "00400000-00401000 r-xp 00000000 00:00 0 [heap]\n")
        .file("/proc/" + pid + "/status",
              "Name:\t" + name + "\nState:\t" + state + "\nTgid:\t" + leader + "\nPPid:\t" +
                  parent + "\nUid:\t" + ids + "\t" + ids + "\t" + ids + "\t" + ids +
                  "\nThreads:\t3\nVmSize: 100 kB\nVmData: 40 kB\nVmLck: 0 kB\nNSpgid:\t" + leader +
                  "\nNSsid:\t" + leader + "\nCapEff:\t0\n")
        .file("/proc/" + pid + "/limits", kLimits)
        .file("/proc/" + pid + "/uid_map", "         0          0 4294967295\n");
    if (pid != "self") tree_.link("/proc/" + pid + "/ns/pid", "pid:[4026531836]");
    std::filesystem::create_directories(tree_.at("/proc/" + pid + "/fd"));
  }

  Subject read(const Selector& selector) const {
    return read_subject(Hierarchy::detect(tree_.root()), selector, {},
                        [this](const std::string& name) {
                          UnitState unit = unit_;
                          unit.name = name;
                          return unit;
                        });
  }
  std::string missing(const Selector& selector) const {
    try {
      read(selector);
      return "";
    } catch (const NoSuchTarget& wrong) {
      return wrong.what();
    }
  }
  std::string set_by(const Subject& subject, const std::string& name) const {
    return row_of(answer(subject, {}), name).set_by;
  }

  FakeTree tree_;
  UnitState unit_;
};

TEST_F(SubjectTest, AProcessIsReadWhereItStands) {
  const Answer found = answer(read(pid_selector(100)), {});
  EXPECT_EQ(found.rows.front().limit.scope, "/system.slice/demo.service");
  EXPECT_EQ(found.threads_left, 37);
  EXPECT_EQ(row_of(found, "RLIMIT_NPROC").limit.scope, "uid 1000");
  EXPECT_EQ(found.subject.user, "demo");
  EXPECT_EQ(found.subject.unit, "demo.service");
}

TEST_F(SubjectTest, WhatIsNotThereIsSaid) {
  EXPECT_EQ(missing(pid_selector(77)), "there is no process 77");
  process("55", 1000, "1", "gone", "/", "Z (zombie)");
  EXPECT_EQ(missing(pid_selector(55)), "process 55 has ended and waits to be reaped");
  std::filesystem::copy(tree_.at("/proc/100"), tree_.at("/proc/101"));
  EXPECT_EQ(missing(pid_selector(101)), "101 is a thread of process 100, expected a process");
  EXPECT_THAT(missing(cgroup_selector("/nowhere")), HasSubstr("there is no group /nowhere"));
  tree_.file("/proc/self/mountinfo", v2_mount("/docker/x", "/sys/fs/cgroup"));
  EXPECT_THAT(missing(cgroup_selector("/system.slice")), HasSubstr("is outside of what"));
}

TEST_F(SubjectTest, AProcessThatGoesWhileItIsReadHasVanished) {
  // The reader waits at the pipe: by then it has begun with the process.
  const auto pipe = tree_.at("/proc/100/limits");
  std::filesystem::remove(pipe);
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread end([&] {
    const int writer = ::open(pipe.c_str(), O_WRONLY | O_CLOEXEC);
    std::filesystem::remove_all(tree_.at("/proc/100"));
    ::close(writer);
  });
  EXPECT_THROW(read(pid_selector(100)), Vanished);
  end.join();
}

TEST_F(SubjectTest, ANumberThatIsGivenToAnotherProcessMeanwhileHasVanished) {
  const auto pipe = tree_.at("/proc/100/limits");
  std::filesystem::remove(pipe);
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread replace([&] {
    const int writer = ::open(pipe.c_str(), O_WRONLY | O_CLOEXEC);
    tree_.file("/proc/100/stat", "100 (b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 778 0 0\n");
    const std::string text = kLimits;
    EXPECT_EQ(::write(writer, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(writer);
  });
  EXPECT_THROW(read(pid_selector(100)), Vanished);
  replace.join();
}

TEST_F(SubjectTest, AnActiveUnitIsItsMainProcess) {
  unit_ = {.load_state = "loaded",
           .active_state = "active",
           .control_group = "/system.slice/demo.service",
           .has_group = true,
           .main_pid = 100};
  const Answer found = answer(read(unit_selector("demo")), {});
  EXPECT_EQ(found.subject.selector.text(), "unit demo.service");
  EXPECT_EQ(found.subject.facts.place.kind, "unit");
  EXPECT_EQ(found.subject.facts.place.pid, 100);
  EXPECT_EQ(found.threads_left, 37);
}

TEST_F(SubjectTest, AUnitThatIsNotActiveIsReadAsOfItsStart) {
  UnitState slice;
  slice.name = "app.slice";
  slice.tasks_max = 30;
  UnitState top;
  top.name = "-.slice";
  top.control_group = "/";
  unit_ = {.load_state = "loaded",
           .active_state = "inactive",
           .slice = "app.slice",
           .has_group = true,
           .tasks_max = 50,
           .user = "1000",
           .nproc = 60};
  unit_.slices = {slice, top};
  const Answer found = answer(read(unit_selector("idle.service")), {});
  EXPECT_EQ(found.subject.facts.place.pid, 0);
  EXPECT_EQ(found.rows.front().limit.scope, "/app.slice");
  EXPECT_EQ(found.threads_left, 30);
  EXPECT_EQ(row_of(found, "pids.max", "/app.slice/idle.service").limit.threads_left, 50);
  EXPECT_EQ(row_of(found, "RLIMIT_NPROC").limit.scope, "uid 1000");
  EXPECT_EQ(row_of(found, "RLIMIT_NPROC").limit.value, 60);
  EXPECT_FALSE(row_of(found, "RLIMIT_AS").limit.applies);
}

TEST_F(SubjectTest, AUnitThatIsNoneIsSaid) {
  unit_ = {.load_state = "not-found"};
  EXPECT_EQ(missing(unit_selector("ghost")), "unit ghost.service is not loaded: not-found");
  unit_ = {.load_state = "loaded"};
  EXPECT_THAT(missing(unit_selector("sysinit.target")), HasSubstr("has no processes"));
}

TEST_F(SubjectTest, WhereAValueWasSetIsFound) {
  tree_.file("/etc/systemd/system/demo.service", "[Service]\nTasksMax=100\nLimitNPROC=60\n")
      .file("/etc/systemd/system/demo.service.d/limit.conf", "[Service]\n\nTasksMax=40\n")
      .file("/etc/sysctl.d/10-threads.conf", "kernel.threads-max = 192729\n");
  Subject subject = read(pid_selector(100));
  EXPECT_EQ(set_by(subject, "pids.max"), "/etc/systemd/system/demo.service.d/limit.conf:3");
  EXPECT_EQ(set_by(subject, "kernel.threads-max"), "/etc/sysctl.d/10-threads.conf:1");
  EXPECT_EQ(set_by(subject, "RLIMIT_NPROC"), "inherited from pid 1 (systemd)");
  tree_.file("/etc/security/limits.d/demo.conf", "demo - nproc 70\n");
  EXPECT_EQ(set_by(read(pid_selector(100)), "RLIMIT_NPROC"), "/etc/security/limits.d/demo.conf:1");
  tree_.file("/etc/systemd/system/demo.service", "[Service]\nLimitNPROC=70\n");
  EXPECT_EQ(set_by(read(pid_selector(100)), "RLIMIT_NPROC"), "/etc/systemd/system/demo.service:2");
}

TEST_F(SubjectTest, AnInheritedValueIsTracedToWhereItBegins) {
  process("50", 0, "1", "sshd", "/");
  process("60", 1000, "50", "bash", "/");
  process("70", 1000, "60", "make", "/");
  tree_.file("/proc/1/limits", limits_with_nproc("99"))
      .file("/proc/50/limits", limits_with_nproc("99"));
  EXPECT_EQ(set_by(read(pid_selector(70)), "RLIMIT_NPROC"), "inherited from pid 60 (bash)");
  EXPECT_EQ(set_by(read(pid_selector(60)), "RLIMIT_NPROC"),
            "process 60 itself, its parent has another");
}

TEST_F(SubjectTest, WithoutControlGroupsTheRestIsAnswered) {
  tree_.file("/proc/cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\npids\t0\t9\t1\n");
  const Subject subject =
      read_subject(Hierarchy::none(tree_.root()), {}, {},
                   [](const std::string&) -> UnitState { throw Error("not asked"); });
  EXPECT_EQ(subject.facts.host.hierarchy, "none");
  const Answer found = answer(subject, {});
  EXPECT_EQ(found.verdict, Fit::unknown);
  EXPECT_THAT(found.unseen, testing::Contains(HasSubstr("the pids controller is not mounted")));
  tree_.file("/proc/cgroups", "pids\t0\t1\t1\n");
  EXPECT_EQ(answer(read_subject(Hierarchy::none(tree_.root()), {}, {}, {}), {}).verdict, Fit::holds)
      << "only the root, which has no limit";
}

TEST(Selector, WhatCannotBeATargetIsRefused) {
  EXPECT_THROW(pid_selector(0), BadInput);
  EXPECT_THROW(pid_selector(-1), BadInput);
  EXPECT_THROW(pid_selector(4'194'305), BadInput);
  for (const char* wrong : {"", "a b", "../x.service", "a/b", "x\n"}) {
    EXPECT_THROW(unit_selector(wrong), BadInput) << wrong;
  }
  for (const char* wrong : {"", "x", "a/b", "/a//b", "/a/../b", "/."}) {
    EXPECT_THROW(cgroup_selector(wrong), BadInput) << wrong;
  }
  EXPECT_EQ(cgroup_selector("/a/b/").name, "/a/b");
  EXPECT_EQ(cgroup_selector("/").name, "/");
  EXPECT_EQ(unit_selector("user-1000.slice").name, "user-1000.slice");
  EXPECT_THROW(check_stack(16'383), BadInput);
  EXPECT_NO_THROW(check_stack(16'384));
}

}  // namespace
}  // namespace ceiling::test
