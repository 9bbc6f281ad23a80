#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <random>
#include <thread>

#include "harness/keeper/processes.h"
#include "tests/e2e/inject/inject_case.h"

namespace ceiling {
namespace {

using std::chrono::milliseconds;

using KilledInjectTest = InjectTest;

/// Processes of a tree that is told by an argument of its own.
std::vector<pid_t> processes_with(const std::string& mark) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (read_text(entry.path() / "cmdline").find(mark) != std::string::npos) {
      found.push_back(std::atoi(name.c_str()));
    }
  }
  return found;
}

void expect_none_within_two_seconds(const std::string& mark) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  std::vector<pid_t> left = processes_with(mark);
  while (!left.empty() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(5));
    left = processes_with(mark);
  }
  EXPECT_THAT(left, testing::IsEmpty()) << mark;
}

/// A tree that goes on for a minute: children, daemons, and more of them all the time.
std::vector<std::string> growing_tree(const std::string& mark) {
  return {"sh", "-c",
          "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 60 & (setsid sh -c 'sleep 60; :' $0 &); sleep "
          "0.02; done; sleep 60",
          mark};
}

TEST_F(KilledInjectTest, EitherGuardEndsTheTreeWithTheOther) {
  const unsigned seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 20; ++i) {
    const std::string mark = fmt::format("mark-{}-{}-{}", ::getpid(), seed, i);
    Running running = start({"--quiet"}, growing_tree(mark));
    std::this_thread::sleep_for(milliseconds(std::uniform_int_distribution<>(0, 400)(random)));
    pid_t killed = running.pid();
    const std::vector<pid_t> inner = children_of(running.pid());
    if (i % 2 == 1 && !inner.empty()) killed = inner.front();
    ::kill(killed, SIGKILL);
    const Ended ended = running.wait();
    if (killed != running.pid()) {
      EXPECT_EQ(ended.status, 125);
      EXPECT_THAT(ended.err, testing::HasSubstr("ended by signal 9"));
    }
    expect_none_within_two_seconds(mark);
  }
}

}  // namespace
}  // namespace ceiling
