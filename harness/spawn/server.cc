// The launcher process.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <deque>
#include <map>

#include "cgroups/error.h"
#include "harness/inject/confinement.h"
#include "harness/spawn/child.h"
#include "harness/spawn/launcher.h"
#include "harness/spawn/packet.h"
#include "harness/spawn/wire.h"

namespace ceiling {
namespace {

class Server {
 public:
  Server(LauncherChannel channel, Descriptor children)
      : channel_(std::move(channel)), children_(std::move(children)) {}

  /// Returns when the harness has closed its end.
  void run() {
    for (;;) {
      const short writable = exits_.empty() ? short{0} : short{POLLOUT};
      std::array<pollfd, 3> ready{{{channel_.requests.get(), POLLIN, 0},
                                   {children_.get(), POLLIN, 0},
                                   {channel_.exits.get(), writable, 0}}};
      if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) {
        throw Error("launcher: poll");
      }
      if (ready[1].revents != 0) {
        reap();
      }
      if (!report() || (ready[0].revents != 0 && !answer())) {
        return;
      }
    }
  }

 private:
  // Zombies stay charged to their group and uid: reap before anything else.
  void reap() {
    signalfd_siginfo what;
    while (::read(children_.get(), &what, sizeof what) > 0) {
    }
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto name = names_.extract(pid);
      if (!name.empty()) {
        exits_.push_back({pid, name.mapped(), status});
      }
    }
  }

  // A harness that does not listen must not keep us from reaping: what does not fit waits here.
  bool report() {
    while (!exits_.empty()) {
      const Transfer sent =
          send_packet(channel_.exits.get(), encode_exit(exits_.front()), {}, false);
      if (sent != Transfer::done) {
        return sent == Transfer::waiting;
      }
      exits_.pop_front();
    }
    return true;
  }

  bool answer() {
    Received received = receive_packet(channel_.requests.get(), false);
    if (received.state != Transfer::done) {
      return received.state == Transfer::waiting;
    }
    const Request request = decode_request(std::move(received.packet));
    Started started{-1, Step::receive, EMFILE};
    if (request.complete) {
      const auto* plan = std::get_if<ChildPlan>(&request.plan);
      started = plan ? start_child(*plan, filter_)
                     : start_namespace(std::get<NamespacePlan>(request.plan));
    }
    if (started.error != 0) {
      return reply(started, {});
    }
    // Ours and not reaped yet: the pid cannot be another's.
    const Descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, started.pid, 0)));
    if (!pidfd) {
      const int error = errno;
      ::kill(started.pid, SIGKILL);
      return reply({-1, Step::receive, error}, {});
    }
    names_.emplace(started.pid, request.name);
    return reply(started, {pidfd.get()});
  }

  bool reply(const Started& started, const std::vector<int>& descriptors) {
    return send_packet(channel_.requests.get(), encode_reply(started), descriptors) ==
           Transfer::done;
  }

  LauncherChannel channel_;
  Descriptor children_;
  const std::vector<sock_filter> filter_ = confinement_filter();
  std::map<pid_t, std::string> names_;
  std::deque<Exit> exits_;
};

// Readable on SIGCHLD, which stays blocked here and is unblocked in every child.
Descriptor child_signals() {
  sigset_t set;
  sigfillset(&set);
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  Descriptor descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!descriptor) {
    throw Error("launcher: signalfd");
  }
  return descriptor;
}

}  // namespace

void Launcher::serve(LauncherChannel channel, pid_t parent) {
  ::prctl(PR_SET_NAME, "ceiling-launch");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(1);
  }
  try {
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE}) {
      ::signal(number, SIG_IGN);  // only the harness and the keeper decide
    }
    ::signal(SIGCHLD, SIG_DFL);
    if (standard_streams_to_null() != 0) {
      ::_exit(1);
    }
    close_all_but({0, 1, 2, channel.requests.get(), channel.exits.get()});
    Server(std::move(channel), child_signals()).run();
  } catch (...) {  // the harness sees the socket close, and says that we are gone
    ::_exit(70);
  }
  ::_exit(0);
}

}  // namespace ceiling
