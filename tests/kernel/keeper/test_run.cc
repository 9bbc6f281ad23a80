#include "tests/kernel/keeper/test_run.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace ceiling {
namespace {

namespace fs = std::filesystem;

std::string run_prefix() {
  return "keepertest" + std::to_string(::getpid()) + "x";
}

ProcessSpec waiting(const std::vector<int>& join) {
  ProcessSpec spec = testee({"wait"});
  spec.join = join;
  return spec;
}

}  // namespace

void KeeperTest::SetUp() {
  if (const std::string missing = missing_privilege(); !missing.empty()) {
    GTEST_SKIP() << missing;
  }
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  // On v2 the caller makes way for groups together with what it started, and a harness cannot move
  // us, who started it: we go first.
  Cgroup::create(hierarchy, Cgroup::kTag + run_prefix() + "way").destroy();
}

void KeeperTest::TearDown() {
  if (!IsSkipped()) {
    EXPECT_TRUE(all_reaped());
    EXPECT_EQ(leftovers(), "");
  }
}

RegistryEntry KeeperTest::new_entry() {
  static int count = 0;
  RegistryEntry entry;
  entry.run_id = run_prefix() + std::to_string(++count);
  entry.groups = Cgroup::planned_folders(hierarchy, Cgroup::kTag + entry.run_id);
  entry.data = data_folder_for(entry.run_id);
  return entry;
}

std::string KeeperTest::leftovers() const {
  std::string found;
  for (const fs::path& planned : Cgroup::planned_folders(hierarchy, "ceiling-any")) {
    for (const auto& entry : fs::directory_iterator(planned.parent_path())) {
      if (entry.path().filename().string().starts_with(Cgroup::kTag + run_prefix())) {
        found += entry.path().string() + "\n";
      }
    }
  }
  for (const auto& entry : fs::directory_iterator("/var/tmp")) {
    if (entry.path().filename().string().starts_with(Cgroup::kTag + run_prefix())) {
      found += entry.path().string() + "\n";
    }
  }
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    found += entry.path().string() + "\n";
  }
  return found;
}

TestRun::TestRun(Keeper& keeper, const Hierarchy& hierarchy, int progress)
    : group_(Cgroup::create(hierarchy, Cgroup::kTag + keeper.entry().run_id)),
      awake_(group_.child("awake")),
      frozen_(group_.child("frozen")) {
  const auto step = [progress] {
    if (progress >= 0 && ::write(progress, ".", 1) != 1) {
      throw std::runtime_error("nobody listens");
    }
  };
  Launcher& launcher = keeper.launcher();
  fs::create_directories(keeper.entry().data / "fleet" / "backend-1");
  step();
  ProcessSpec private_one = waiting(awake_.join_descriptors());
  private_one.uid = keeper.entry().uids.at(0);
  launcher.start(private_one);
  step();
  start_daemon(launcher, awake_.join_descriptors());
  step();
  launcher.start(waiting(frozen_.join_descriptors()));
  start_daemon(launcher, frozen_.join_descriptors());
  step();
  frozen_.freeze();
  step();
  launcher.start(waiting({}));
  step();
}

// The daemon says its pid once it is one.
pid_t start_daemon(Launcher& launcher, const std::vector<int>& join) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("pipe2");
  }
  const Descriptor out(ends[0]);
  Descriptor in(ends[1]);
  ProcessSpec spec = testee({"daemon"});
  spec.join = join;
  spec.descriptors[1] = in.get();
  launcher.start(spec);
  in = Descriptor();
  std::array<char, 32> text{};
  if (::read(out.get(), text.data(), text.size()) <= 0) {
    throw std::runtime_error("no daemon");
  }
  return std::atoi(text.data());
}

HarnessProcess start_harness(const Registry& registry, const RegistryEntry& entry,
                             const Hierarchy& hierarchy) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("pipe2");
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    try {
      Keeper keeper = Keeper::start(registry, entry, 1);
      if (::write(ends[1], ".", 1) == 1) {
        const TestRun run(keeper, hierarchy, ends[1]);
        for (;;) {
          ::pause();
        }
      }
    } catch (const std::exception& e) {
      std::fprintf(stderr, "harness: %s\n", e.what());
    }
    ::_exit(3);
  }
  const Descriptor in(ends[1]);
  return {pid, Descriptor(ends[0])};
}

bool await_made(const HarnessProcess& harness) {
  std::array<char, 1> byte{};
  int steps = 0;
  while (steps < TestRun::kSteps + 1 && ::read(harness.progress.get(), byte.data(), 1) == 1) {
    ++steps;
  }
  return steps == TestRun::kSteps + 1;
}

}  // namespace ceiling
