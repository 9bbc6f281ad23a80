#include "harness/keeper/end.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <system_error>

#include "cgroups/cgroup.h"
#include "cgroups/descriptor.h"
#include "cgroups/error.h"
#include "harness/keeper/processes.h"

namespace ceiling {
namespace {

using std::chrono::steady_clock;

bool is_my_child(pid_t pid) {
  siginfo_t unused{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &unused, WEXITED | WNOHANG | WNOWAIT) == 0;
}

// A number read from /proc may be another's by now: what the pidfd means is asked for again.
std::vector<Descriptor> signalled_children() {
  std::vector<Descriptor> signalled;
  for (const pid_t pid : children_of(::getpid())) {
    Descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (pidfd && is_my_child(pid)) {
      ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
      signalled.push_back(std::move(pidfd));
    }
  }
  return signalled;
}

void reap_zombies() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

// What is in it belongs to private users: the library follows no link on its way down.
void remove_data(const RegistryEntry& entry) {
  if (entry.data.empty()) return;
  std::error_code error;
  std::filesystem::remove_all(entry.data, error);
  if (error) throw Error("remove " + entry.data.string() + ": " + error.message());
}

}  // namespace

void end_groups(const RegistryEntry& entry, std::chrono::milliseconds patience) {
  if (!entry.groups.empty()) {
    Cgroup::adopt(entry.groups).destroy(patience);
  }
}

Restored restore_and(const RegistryEntry& entry, const std::filesystem::path& root,
                     const std::function<void()>& end) {
  Restored restored;
  std::string failed;
  const auto attempt = [&failed](const std::function<void()>& what) {
    try {
      what();
    } catch (const Error& error) {
      failed += (failed.empty() ? "" : "; ") + std::string(error.what());
    }
  };
  attempt([&] { restored = restore_host_settings(entry.host_settings, false, root); });
  attempt(end);
  attempt([&] { remove_data(entry); });
  if (!failed.empty()) {
    throw Error(failed);
  }
  return restored;
}

void kill_children() {
  signalled_children();
}

void end_children(std::chrono::milliseconds patience) {
  const auto until = steady_clock::now() + patience;
  ::signal(SIGCHLD, SIG_IGN);  // the kernel reaps what ends from now on, see wait(2)
  for (;;) {
    reap_zombies();
    const std::vector<Descriptor> ending = signalled_children();
    if (ending.empty() && children_of(::getpid()).empty()) {
      return;
    }
    for (const Descriptor& process : ending) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
      pollfd ended{process.get(), POLLIN, 0};
      ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    }
    if (steady_clock::now() >= until) {
      throw Error(std::to_string(ending.size()) + " processes would not end");
    }
  }
}

}  // namespace ceiling
