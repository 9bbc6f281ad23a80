#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "cgroups/control_file.h"
#include "cgroups/descriptor.h"
#include "cgroups/error.h"
#include "cgroups/headroom.h"
#include "cgroups/host_use.h"
#include "cgroups/limits/rlimit_nproc.h"
#include "cgroups/pid_numbers.h"
#include "tests/kernel/cgroups/testee.h"

namespace ceiling {
namespace {

using Answer = Testee::Answer;

/// uids that nobody has: one for each test process, far from what distributions hand out.
uid_t private_uid() {
  return 1'900'000'000u + static_cast<uid_t>(::getpid());
}

/// A process in a session whose leader has ended and was reaped.
class Daemon {
 public:
  Daemon() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw Error("pipe2");
    const Descriptor said(ends[0]);
    const Descriptor says(ends[1]);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const pid_t leader = ::fork();
    if (leader == 0) {
      ::setsid();
      const pid_t pid = ::fork();
      if (pid != 0) ::_exit(::write(says.get(), &pid, sizeof pid) == sizeof pid ? 0 : 1);
      for (;;) ::pause();
    }
    ::waitpid(leader, nullptr, 0);
    if (::read(said.get(), &pid_, sizeof pid_) != sizeof pid_) throw Error("no daemon");
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
};

class Limits : public Privileged {
 protected:
  /// `count`: also where the limit cannot bind first, which depends on the host's other limits.
  Limit row(const std::string& name, const Target& target = {}, bool count = false) const {
    for (const Limit& limit : headroom(hierarchy_, target, {.count = count}).limits) {
      if (limit.name == name) return limit;
    }
    throw Error("no row " + name);
  }
  Limit nproc(const Target& target) const { return row("RLIMIT_NPROC", target, true); }
};

TEST_F(Limits, NprocAllowsExactlyOneLessThanItsValue) {
  for (const char* mode : {"threads", "processes"}) {
    Testee testee({}, mode, private_uid(), 10);
    EXPECT_EQ(testee.make(20), (Answer{9, EAGAIN})) << mode;
  }
}

TEST_F(Limits, NprocRowSaysHowManyAreLeft) {
  Testee testee({}, "threads", private_uid(), 10);
  EXPECT_EQ(testee.make(4), (Answer{4, 0}));
  const Limit limit = nproc({.pid = testee.pid()});
  EXPECT_EQ(limit.value, 10);
  EXPECT_EQ(limit.used, 5);
  EXPECT_TRUE(limit.applies);
  EXPECT_TRUE(limit.exact());
  EXPECT_EQ(limit.threads_left, 5);
  EXPECT_EQ(testee.make(20), (Answer{5, EAGAIN})) << "what the row said";
}

TEST_F(Limits, NprocCountsOverAllProcessesOfTheUid) {
  Testee first({}, "threads", private_uid(), 10);
  Testee second({}, "threads", private_uid(), 10);
  EXPECT_EQ(first.make(6), (Answer{6, 0}));
  EXPECT_EQ(nproc({.pid = second.pid()}).threads_left, 2);
  EXPECT_EQ(second.make(5), (Answer{2, EAGAIN}));
}

TEST_F(Limits, RootIsExempt) {
  const Limit limit = nproc({});
  EXPECT_FALSE(limit.applies);
  EXPECT_EQ(limit.threads_left, std::nullopt);
}

TEST_F(Limits, ForkProbeFindsTheKernelsCount) {
  EXPECT_EQ(count_by_fork_probe(private_uid()), 0);
  Testee testee({}, "threads", private_uid());
  EXPECT_EQ(testee.make(7), (Answer{7, 0}));
  EXPECT_EQ(count_by_fork_probe(private_uid()), 8);
  Testee other({}, "processes", private_uid());
  EXPECT_EQ(other.make(2), (Answer{2, 0}));
  EXPECT_EQ(count_by_fork_probe(private_uid()), 11);
  EXPECT_EQ(nproc({.pid = testee.pid()}).used, 11) << "the sum of Threads: agrees";
}

TEST_F(Limits, ForkProbeSaysThatRootCannotBeCounted) {
  EXPECT_THROW(count_by_fork_probe(0), HostError);
}

TEST_F(Limits, ZombiesCount) {
  const pid_t zombie = ::fork();
  if (zombie == 0) ::_exit(::setresuid(private_uid(), private_uid(), private_uid()) == 0 ? 0 : 1);
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(zombie), &ended, WEXITED | WNOWAIT);
  // The child named itself after its own pid.
  const uid_t uid = 1'900'000'000u + static_cast<uid_t>(zombie);
  const std::int64_t used = nproc({.uid = uid}).used;
  const std::int64_t counted = count_by_fork_probe(uid);
  ::waitpid(zombie, nullptr, 0);
  EXPECT_EQ(ended.si_status, 0);
  EXPECT_EQ(used, 1);
  EXPECT_EQ(counted, 1);
}

TEST_F(Limits, HeadroomPutsTheBindingLimitFirst) {
  Cgroup group = make_group();
  group.set_pids_max(6);
  Testee testee(group.join_descriptors(), "threads", private_uid(), 100);
  const Headroom wide = headroom(hierarchy_, {.pid = testee.pid()});
  ASSERT_NE(wide.binding(), nullptr);
  EXPECT_EQ(wide.binding()->name, "pids.max");
  EXPECT_EQ(wide.binding()->scope, group.pids_group());
  EXPECT_EQ(wide.threads_left(), 5);
  EXPECT_EQ(testee.make(10), (Answer{5, EAGAIN}));
  EXPECT_EQ(headroom(hierarchy_, {.pid = testee.pid()}).threads_left(), 0);
}

TEST_F(Limits, KernelAsksNprocBeforePids) {
  Cgroup group = make_group();
  group.set_pids_max(6);
  Testee testee(group.join_descriptors(), "threads", private_uid(), 6);
  EXPECT_EQ(headroom(hierarchy_, {.pid = testee.pid()}).binding()->name, "RLIMIT_NPROC");
  EXPECT_EQ(testee.make(10), (Answer{5, EAGAIN}));
  EXPECT_EQ(group.pids().events, 0) << "the former answered";
}

TEST_F(Limits, GroupThatIsNamedTakesThePlaceOfTheOwn) {
  Cgroup group = make_group();
  group.set_pids_max(6);
  const Headroom there = headroom(hierarchy_, {.group = group.pids_group()});
  EXPECT_EQ(there.threads_left(), 6) << "nobody is in it yet";
  EXPECT_THROW(headroom(hierarchy_, {.group = group.pids_group() + "-none"}), Error);
}

TEST_F(Limits, HostRowsMoveWithWhatWeStart) {
  // Others may start and end tasks meanwhile: one quiet moment of several is enough, and rows that
  // do not follow have none.
  const auto quiet = [&] {
    const Limit threads = row("kernel.threads-max");
    const Limit numbers = row("kernel.pid_max");
    Testee testee({}, "threads");
    EXPECT_EQ(testee.make(400), (Answer{400, 0}));
    const auto more = row("kernel.threads-max").used - threads.used;
    const auto fewer = *numbers.threads_left - *row("kernel.pid_max").threads_left;
    // Not counted, a process stands for two numbers more, and some that are none do as well.
    return std::abs(more - 401) <= 5 && fewer >= 401 - 5 && fewer <= 401 + 100;
  };
  EXPECT_TRUE(eventually(quiet));
}

TEST_F(Limits, NumbersHeldAreThoseOfThreadsAndOfLeadersThatHaveGone) {
  const auto held = [] {
    return numbers_held(1, ::getpid() + 20'000, std::int64_t{1} << 40);  // new ones lie there
  };
  const auto quiet = [&] {
    const std::int64_t before = held();
    Testee testee({}, "threads");
    EXPECT_EQ(testee.make(50), (Answer{50, 0}));
    // A session and group whose leader has gone: one number for a process that has another.
    const Daemon daemon;
    return held() - before == 51 + 2;
  };
  EXPECT_TRUE(eventually(quiet));
}

TEST_F(Limits, TheMostNumbersHeldAreThoseHeldWhereNoneIsBeyondTheLimit) {
  constexpr std::int64_t kAll = 4 << 20;
  Testee testee({}, "threads");
  EXPECT_EQ(testee.make(2000), (Answer{2000, 0}));
  const Daemon daemon;
  const auto same = [&] {
    const std::int64_t tasks = host_tasks(hierarchy_);
    return most_numbers_held(300, kAll, tasks, numbered_entries("/proc")) ==
           numbers_held(300, kAll, tasks);
  };
  EXPECT_TRUE(eventually(same));
  const std::int64_t tasks = host_tasks(hierarchy_);
  EXPECT_GE(most_numbers_held(300, 400, tasks, {}), numbers_held(300, 400, tasks) + 1500)
      << "the testee's threads are beyond 400";
}

TEST_F(Limits, SharedLimitsEndWithTheCallersOwnPath) {
  Cgroup group = make_group();
  group.set_pids_max(50);
  const pid_t inside = ::fork();
  if (inside == 0) {
    try {
      for (const int procs : group.join_descriptors()) {
        if (::write(procs, "0", 1) != 1) ::_exit(2);
      }
      const auto limits = shared_limits(hierarchy_);
      const bool fits = !first_overfilled(limits, 39);
      const auto full = first_overfilled(limits, 40);
      ::_exit(fits && full && full->scope == group.pids_group() && full->value == 50 ? 0 : 1);
    } catch (const std::exception&) {
      ::_exit(3);
    }
  }
  int status = -1;
  ::waitpid(inside, &status, 0);
  EXPECT_EQ(status, 0) << "39 and the one that is there are 80 % of 50, 40 are too many";
}

}  // namespace
}  // namespace ceiling
