#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "tests/kernel/cgroups/testee.h"

namespace ceiling {
namespace {

using Answer = Testee::Answer;

class Pids : public Privileged {};

class PidsMax : public Privileged,
                public testing::WithParamInterface<std::tuple<int, const char*>> {};

TEST_P(PidsMax, AllowsExactlyOneLessThanItsValue) {
  const auto [value, mode] = GetParam();
  Cgroup group = make_group();
  group.set_pids_max(value);
  Testee testee(group.join_descriptors(), mode);
  EXPECT_EQ(testee.make(value + 5), (Answer{value - 1, EAGAIN}));
  const PidsState state = group.pids();
  EXPECT_EQ(state.current, value);
  EXPECT_EQ(state.max, value);
  EXPECT_EQ(state.events, 1);
  group.destroy();
}

INSTANTIATE_TEST_SUITE_P(Values, PidsMax,
                         testing::Combine(testing::Values(1, 2, 10, 150),
                                          testing::Values("threads", "processes")));

TEST_F(Pids, GroupStandsBelowTheCallersOwnInEveryHierarchy) {
  Cgroup group = make_group({"pids", "freezer", "memory"});
  Testee testee(group.join_descriptors(), "threads");
  for (const char* controller : {"pids", "freezer", "memory"}) {
    if (hierarchy_.controller(controller) == nullptr) continue;
    const std::string inside = hierarchy_.group_of(testee.pid(), controller);
    EXPECT_EQ(hierarchy_.folder(controller, inside), group.folder(controller)) << controller;
    EXPECT_EQ(std::filesystem::path(inside).filename(),
              std::filesystem::path(group.pids_group()).filename());
  }
  EXPECT_EQ(hierarchy_.group_of(testee.pid(), "pids"), group.pids_group());
  EXPECT_GT(group.memory().value().used, 0);
  group.destroy();
}

TEST_F(Pids, ValueThatTheKernelDoesNotTakeIsAnError) {
  Cgroup group = make_group();
  EXPECT_THROW(group.set_pids_max(-1), Error);
  EXPECT_EQ(group.pids().max, std::nullopt);
}

TEST_F(Pids, GroupThatIsThereIsNotTakenOver) {
  const std::string name = kTestGroup + std::to_string(::getpid()) + "-twice";
  Cgroup group = Cgroup::create(hierarchy_, name);
  EXPECT_THROW(Cgroup::create(hierarchy_, name), Error);
  EXPECT_TRUE(std::filesystem::exists(group.folders().front())) << "nor removed";
  EXPECT_EQ(group.folders(), Cgroup::planned_folders(hierarchy_, name));
  EXPECT_THROW(Cgroup::create(hierarchy_, "../x"), Error);
}

TEST_F(Pids, WithoutRightsTheErrorSaysWhatToType) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
    try {
      make_group();
    } catch (const HostError& error) {
      ::_exit(error.remedy().find("sudo") != std::string::npos ? 0 : 1);
    } catch (const std::exception&) {
    }
    ::_exit(3);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(Pids, MoveAssignmentEndsWhatItReplacesAndLeaksNothing) {
  const std::size_t before = numbered_entries("/proc/self/fd").size();
  {
    Cgroup first = make_group();
    const auto replaced = first.folders();
    first = make_group();
    for (const auto& folder : replaced) EXPECT_FALSE(std::filesystem::exists(folder));
    EXPECT_TRUE(std::filesystem::exists(first.folders().front()));
  }
  EXPECT_EQ(numbered_entries("/proc/self/fd").size(), before);
}

}  // namespace
}  // namespace ceiling
