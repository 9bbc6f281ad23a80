#include "harness/keeper/guard.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <system_error>

#include "cgroups/descriptor.h"
#include "cgroups/error.h"
#include "harness/keeper/end.h"

namespace ceiling {
namespace {

constexpr std::chrono::seconds kPatience{5};

sigset_t handed_on() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, number);
  return set;
}

[[noreturn]] void be_inner(pid_t outer, const std::function<int(int)>& inner) {
  const Descriptor its(static_cast<int>(::syscall(SYS_pidfd_open, outer, 0)));
  int status = kGuardDied;
  if (its && ::getppid() == outer && ::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0) {
    status = inner(its.get());
  }
  try {
    end_children(kPatience);
  } catch (const Error& left) {
    std::fprintf(stderr, "ceiling: %s\n", left.what());
  }
  std::fflush(nullptr);
  ::_exit(status);
}

/// The wait status of `inner`.
int await(pid_t inner) {
  const sigset_t signals = handed_on();
  for (;;) {
    int status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, &status, WNOHANG)) > 0) {  // orphans of the tree come here, too
      if (ended == inner) return status;
    }
    siginfo_t info{};
    const int number = ::sigwaitinfo(&signals, &info);
    if (number > 0 && number != SIGCHLD && info.si_code <= 0) ::kill(inner, number);
  }
}

}  // namespace

int guarded(const std::function<int(int outer)>& inner) {
  const sigset_t signals = handed_on();
  sigset_t before;
  ::sigprocmask(SIG_BLOCK, &signals, &before);
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
    throw Error("become a child subreaper: " + std::generic_category().message(errno));
  }
  const pid_t outer = ::getpid();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw Error("fork of a guard: " + std::generic_category().message(errno));
  if (child == 0) be_inner(outer, inner);
  const int status = await(child);
  end_children(kPatience);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  std::fprintf(stderr, "ceiling: the guard of the command was ended by signal %d\n",
               WTERMSIG(status));
  return kGuardDied;
}

}  // namespace ceiling
