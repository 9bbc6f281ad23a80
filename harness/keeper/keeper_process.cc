#include "harness/keeper/keeper_process.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>

#include "cgroups/error.h"
#include "harness/keeper/end.h"
#include "harness/keeper/processes.h"
#include "harness/spawn/packet.h"

namespace ceiling {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{5000};  // where the harness is gone and cannot say

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Out of reach of the terminal, of the caller's pipes and of the signals that end the harness.
void stand_apart() {
  ::setsid();
  ::prctl(PR_SET_NAME, "ceiling-keeper");
  for (int number = 1; number < NSIG; ++number) {
    ::signal(number, SIG_DFL);
  }
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE}) {
    ::signal(number, SIG_IGN);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || ::chdir("/") != 0 ||
      standard_streams_to_null() != 0) {
    throw Error("the keeper cannot be set up");
  }
}

pid_t start_launcher(const Registry& registry, const std::string& run_id, LauncherChannel channel) {
  const pid_t keeper = ::getpid();
  const pid_t launcher = ::fork();
  const int error = errno;
  if (launcher < 0) {
    registry.remove(run_id);
    throw Error("fork of the launcher: " + std::generic_category().message(error));
  }
  if (launcher == 0) {
    Launcher::serve(std::move(channel), keeper);
  }
  return launcher;
}

Descriptor child_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

struct Ending {
  std::string left;                     ///< empty: nothing
  std::vector<std::string> left_alone;  ///< host settings that somebody else changed
};

class KeeperProcess {
 public:
  KeeperProcess(const Registry& registry, RegistryEntry entry, int control, pid_t launcher)
      : registry_(registry), entry_(std::move(entry)), control_(control), launcher_(launcher) {}

  /// Returns when nothing is left, or with what is.
  Ending run() {
    Ending ending;
    try {
      const std::optional<milliseconds> patience = wait_for_the_end();
      ending.left_alone = restore_and(entry_, registry_.root(), [&] {
                            end_all(patience.value_or(kPatience));
                          }).left_alone;
      // What nobody hears of now is told by `ceiling clean`.
      if (patience || ending.left_alone.empty()) {
        registry_.remove(entry_.run_id);
      }
    } catch (const std::exception& e) {
      ending.left = e.what();
    }
    return ending;
  }

 private:
  /// Reaps the orphans that come to us until the harness has finished or is gone (nothing);
  /// says how long the end may take.
  std::optional<milliseconds> wait_for_the_end() {
    const Descriptor children = child_signals();
    for (;;) {
      std::array<pollfd, 2> ready{{{control_, POLLIN, 0}, {children.get(), POLLIN, 0}}};
      ::poll(ready.data(), ready.size(), -1);
      if (ready[1].revents != 0) {
        reap(children.get());
      }
      if (ready[0].revents != 0) {
        const Received received = receive_packet(control_, false);
        if (received.state == Transfer::closed) {
          return std::nullopt;
        }
        if (received.state == Transfer::done) {
          return milliseconds(json::parse(received.packet.bytes).at("patience_ms").get<int>());
        }
      }
    }
  }

  void reap(int signals) {
    signalfd_siginfo what;
    while (::read(signals, &what, sizeof what) > 0) {
    }
    for (pid_t pid = 0; (pid = ::waitpid(-1, nullptr, WNOHANG)) > 0;) {
      launcher_ = pid == launcher_ ? 0 : launcher_;
    }
  }

  void end_all(milliseconds patience) {
    if (launcher_ > 0) {
      ::kill(launcher_, SIGKILL);
      ::waitpid(launcher_, nullptr, 0);
    }
    // A child that the launcher was just starting is ours now: it must not enter a group that is
    // about to be removed. What is frozen ends when its group does.
    kill_children();
    end_groups(entry_, patience);
    end_children(patience);
  }

  const Registry& registry_;
  const RegistryEntry entry_;
  const int control_;
  pid_t launcher_;
};

std::vector<std::int64_t> previous_values(const RegistryEntry& entry) {
  std::vector<std::int64_t> values;
  for (const HostSetting& setting : entry.host_settings) {
    values.push_back(setting.previous);
  }
  return values;
}

// The harness's answer to what it asked for; where it is gone, nobody asks.
void say(int control, const json& what) {
  send_packet(control, text_of(what));
}

[[noreturn]] void refuse(int control, const std::string& what, const std::string& remedy) {
  try {
    say(control, {{"refused", what}, {"remedy", remedy}});
  } catch (...) {  // the harness sees the socket close
  }
  ::_exit(1);
}

}  // namespace

void keep(const Registry& registry, RegistryEntry entry, int uid_count, Descriptor control,
          LauncherChannel launcher) {
  pid_t launched = -1;
  try {
    stand_apart();
    close_all_but({0, 1, 2, control.get(), launcher.requests.get(), launcher.exits.get()});
    entry.keeper = ::getpid();
    entry.keeper_started = stat_of(entry.keeper).value().started;
    entry = registry.add(std::move(entry), uid_count);
    launched = start_launcher(registry, entry.run_id, std::move(launcher));
    say(control.get(), {{"uids", entry.uids},
                        {"previous", previous_values(entry)},
                        {"keeper", entry.keeper},
                        {"keeper_started", entry.keeper_started}});
  } catch (const HostError& e) {
    refuse(control.get(), e.what(), e.remedy());
  } catch (const std::exception& e) {
    refuse(control.get(), e.what(), "");
  }
  const Ending ending = KeeperProcess(registry, std::move(entry), control.get(), launched).run();
  try {
    say(control.get(), {{"left", ending.left}, {"left_alone", ending.left_alone}});
  } catch (...) {  // the harness sees the socket close, and looks for itself
  }
  ::_exit(ending.left.empty() ? 0 : 1);
}

}  // namespace ceiling
