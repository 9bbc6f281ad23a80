#include "harness/find/injected_run.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "cgroups/descriptor.h"
#include "cgroups/error.h"
#include "harness/find/child_start.h"
#include "harness/find/command_output.h"
#include "harness/keeper/end.h"

namespace ceiling {
namespace {

using Clock = Supervisor::Clock;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kPatience{5};

Descriptor signals_as_file() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int wait_ms(std::optional<Clock::time_point> until) {
  if (!until) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*until - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

class Run {
 public:
  Run(const InjectedCommand& command, int outer) : command_(command), outer_(outer) {
    run_.injection.command = command.command;
    run_.injection.choice = command.refusing.choice;
    run_.injection.error = command.refusing.error;
  }

  InjectedRun run() {
    ::signal(SIGCHLD, SIG_DFL);  // end_children() of a run before has it ignored
    const Descriptor signals = signals_as_file();
    StartedChild child = start_child(command_);
    main_ = child.pid;
    if (child.not_started) {
      run_.not_started = child.not_started;
      end_children(kPatience);
      return run_;
    }
    Supervisor supervisor(std::move(child.listener), command_.refusing, run_.injection);
    const Clock::time_point began = Clock::now();
    if (command_.time_limit) until_ = began + *command_.time_limit;
    while (!over_) step(supervisor, signals.get());
    end_tree();
    run_.injection.elapsed_s = std::chrono::duration<double>(Clock::now() - began).count();
    return run_;
  }

 private:
  void step(Supervisor& supervisor, int signals) {
    std::optional<Clock::time_point> next = until_;
    if (const auto due = supervisor.due()) next = std::min(next.value_or(*due), *due);
    std::vector<pollfd> ready{{hung_up_ ? -1 : supervisor.listener(), POLLIN, 0},
                              {signals, POLLIN, 0},
                              {outer_, POLLIN, 0}};
    for (const CommandOutput* output : command_.outputs) {
      ready.push_back({output->reading(), POLLIN, 0});
    }
    if (::poll(ready.data(), ready.size(), wait_ms(next)) < 0 && errno != EINTR) {
      throw Error("poll: " + std::generic_category().message(errno));
    }
    for (CommandOutput* output : command_.outputs) output->take();
    supervisor.answer_due(Clock::now());
    if ((ready[0].revents & POLLIN) != 0) {
      supervisor.take();
    } else if ((ready[0].revents & POLLHUP) != 0) {
      hung_up_ = true;  // nobody is left who could ask
    }
    if (ready[1].revents != 0) take_signals(signals);
    if (ready[2].revents != 0) over_ = true;
    if (until_ && Clock::now() >= *until_) {
      run_.hung = run_.ended_by == 0;
      over_ = true;
    }
  }

  void take_signals(int signals) {
    signalfd_siginfo info{};
    while (::read(signals, &info, sizeof info) == sizeof info) {
      const int number = static_cast<int>(info.ssi_signo);
      if (number != SIGCHLD) take_signal(number, info.ssi_code > 0);
    }
    reap();
  }

  void take_signal(int number, bool of_terminal) {
    if (of_terminal && command_.owns_terminal && !main_ended_) return;
    if (!of_terminal && !main_ended_) ::kill(main_, number);
    run_.ended_by = number;
    until_ = Clock::now() + kPatience;
  }

  /// Orphans of the tree are ours.
  void reap() {
    for (;;) {
      int status = 0;
      const pid_t ended = ::waitpid(-1, &status, WNOHANG);
      if (ended == 0) return;
      if (ended < 0) {
        over_ = true;
        return;
      }
      if (ended == main_) take_end(status);
    }
  }

  void take_end(int status) {
    main_ended_ = true;
    CommandEnd& end = run_.injection.end;
    end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

  void end_tree() {
    if (!main_ended_) {
      ::kill(main_, SIGKILL);
      int status = 0;
      if (::waitpid(main_, &status, 0) == main_) take_end(status);
    }
    end_children(kPatience);
  }

  const InjectedCommand& command_;
  int outer_;
  InjectedRun run_;
  pid_t main_ = 0;
  bool main_ended_ = false;
  bool hung_up_ = false;
  bool over_ = false;
  std::optional<Clock::time_point> until_;
};

}  // namespace

InjectedRun run_injected(const InjectedCommand& command, int outer) {
  return Run(command, outer).run();
}

}  // namespace ceiling
