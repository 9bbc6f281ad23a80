#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "tests/kernel/cgroups/testee.h"

namespace ceiling {
namespace {

class CpuPercent : public Privileged {
 protected:
  std::filesystem::path cpu_folder(const Cgroup& group) const {
    for (const auto& folder : group.folders()) {
      if (std::filesystem::exists(folder / "cpu.cfs_quota_us") ||
          std::filesystem::exists(folder / "cpu.max"))
        return folder;
    }
    return {};
  }
};

// A process that never rests, under a tenth of a CPU: the kernel has to hold it up.
TEST_F(CpuPercent, HoldsUpWhoWantsMore) {
  if (hierarchy_.controller("cpu") == nullptr) GTEST_SKIP() << "no cpu controller here";
  Cgroup group = make_group({"pids", "freezer", "cpu"});
  const auto folder = cpu_folder(group);
  ASSERT_FALSE(folder.empty());
  group.set_cpu_percent(10);
  if (std::filesystem::exists(folder / "cpu.max")) {
    EXPECT_EQ(read_file(folder / "cpu.max"), "10000 100000\n");
  } else {
    EXPECT_EQ(read_file(folder / "cpu.cfs_quota_us"), "10000\n");
    EXPECT_EQ(read_file(folder / "cpu.cfs_period_us"), "100000\n");
  }
  const pid_t busy = ::fork();
  if (busy == 0) {
    for (;;) ::getpid();
  }
  group.join(busy);
  EXPECT_TRUE(eventually([&] {
    return value_of(read_file(folder / "cpu.stat"), "nr_throttled").value_or("0") != "0";
  }));
  group.destroy();
  EXPECT_EQ(::waitpid(busy, nullptr, 0), busy);
}

TEST_F(CpuPercent, OfAGroupInAllHierarchiesReachesItsChildren) {
  if (hierarchy_.controller("cpu") == nullptr) GTEST_SKIP() << "no cpu controller here";
  Cgroup group = make_group({"pids", "freezer", "cpu"});
  Cgroup child = group.child("inside");
  EXPECT_FALSE(cpu_folder(child).empty());
  EXPECT_EQ(child.folders().size(), group.folders().size());
  child.destroy();
  group.destroy();
}

TEST_F(CpuPercent, WithoutTheControllerTheErrorSaysWhatToDo) {
  Cgroup group = make_group({"pids", "freezer"});
  if (!cpu_folder(group).empty()) GTEST_SKIP() << "pids and cpu stand in one hierarchy here";
  try {
    group.set_cpu_percent(10);
    FAIL() << "it was set";
  } catch (const HostError& error) {
    EXPECT_STREQ(error.what(), "the cpu controller is not available here");
    EXPECT_NE(error.remedy().find("cpu_percent"), std::string::npos);
  }
  group.destroy();
}

}  // namespace
}  // namespace ceiling
