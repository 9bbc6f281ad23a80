// What `ceiling check` costs where the host has 25,000 threads more than when it is idle, beside
// what a person types: ps -eLf | wc -l.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "cgroups/control_file.h"
#include "cgroups/hierarchy.h"
#include "tests/support/spawn/support.h"

namespace ceiling {
namespace {

constexpr int kProcesses = 25;
constexpr int kThreads = 1000;  // of each
constexpr int kRuns = 11;

void* sleep_for_ever(void*) {
  for (;;) ::pause();
}

/// In the child: threads that sleep until the bench ends; a byte once all of them are there.
[[noreturn]] void sleep_in_threads(int ready) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 16'384);
  for (int made = 1; made < kThreads; ++made) {
    pthread_t thread{};
    if (pthread_create(&thread, &attributes, sleep_for_ever, nullptr) != 0) ::_exit(1);
  }
  if (::write(ready, ".", 1) != 1) ::_exit(1);
  sleep_for_ever(nullptr);
  ::_exit(0);
}

class ManyThreads {
 public:
  ManyThreads() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    const Descriptor ready(ends[0]);
    {
      const Descriptor said(ends[1]);
      for (int i = 0; i < kProcesses; ++i) {
        const pid_t pid = ::fork();
        if (pid == 0) sleep_in_threads(said.get());
        if (pid > 0) pids_.push_back(pid);
      }
    }
    char byte = 0;
    for (int i = 0; i < kProcesses; ++i) {
      if (::read(ready.get(), &byte, 1) != 1) throw std::runtime_error("not all threads were made");
    }
  }
  ManyThreads(const ManyThreads&) = delete;
  ManyThreads& operator=(const ManyThreads&) = delete;
  ~ManyThreads() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    for (const pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
  }

 private:
  std::vector<pid_t> pids_;
};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// The processor time of a shell command and all that it starts.
double cost_s(const std::string& command) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  int status = -1;
  rusage used{};
  ::wait4(pid, &status, 0, &used);
  EXPECT_EQ(status, 0) << command;
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Costs {
  double check = 0;  ///< whether a need fits
  double room = 0;   ///< how many threads are left
  double ps = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

/// Medians, in turn, so that a busy moment meets both.
Costs measure() {
  std::vector<double> check;
  std::vector<double> room;
  std::vector<double> ps;
  for (int run = 0; run < kRuns; ++run) {
    check.push_back(cost_s(CEILING_PROGRAM " check --quiet --threads 500"));
    room.push_back(cost_s(CEILING_PROGRAM " check --quiet"));
    ps.push_back(cost_s("ps -eLf | wc -l >/dev/null"));
  }
  return {median(check), median(room), median(ps)};
}

/// Files that a check opens.
long files_opened() {
  const TemporaryFolder folder;
  const std::string trace = (folder.path() / "trace").string();
  cost_s("strace -f -e trace=open,openat,openat2 -o " + trace +
         " " CEILING_PROGRAM " check --quiet --threads 500");
  const std::string lines = read_file(trace);
  return std::count(lines.begin(), lines.end(), '\n');
}

TEST(CheckBench, TwentyFiveThousandThreadsCostLessThanTwice) {
  if (const std::string missing = missing_privilege(); !missing.empty()) GTEST_SKIP() << missing;
  const std::int64_t numbers =
      parse_count(read_file("/proc/sys/kernel/pid_max"), "pid_max").value_or(0);
  ASSERT_GT(numbers, kProcesses * kThreads + 4000) << "too few numbers for so many tasks";
  const long idle_files = files_opened();
  const Costs idle = measure();
  const ManyThreads threads;
  const long loaded_files = files_opened();
  const Costs loaded = measure();
  const auto row = [](const char* what, double before, double after) {
    fmt::print("{:<22} {:>10.1f} {:>14.1f} {:>7.2f}\n", what, 1e3 * before, 1e3 * after,
               after / before);
    return after / before;
  };
  fmt::print("{:<22} {:>10} {:>14} {:>7}\n", "processor time, ms", "idle",
             fmt::format("{} threads", kProcesses * kThreads), "ratio");
  const double ratio = row("check --threads 500", idle.check, loaded.check);
  const double room_ratio = row("check", idle.room, loaded.room);
  row("ps -eLf | wc -l", idle.ps, loaded.ps);
  fmt::print("{:<22} {:>10} {:>14}\n", "files that check opens", idle_files, loaded_files);
  EXPECT_LT(ratio, 2.0);
  EXPECT_LT(room_ratio, 2.0);
  EXPECT_LE(loaded_files, idle_files + 5) << "a bounded number, whatever runs";
}

}  // namespace
}  // namespace ceiling
