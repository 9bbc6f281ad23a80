#include "harness/find/child_start.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "cgroups/error.h"
#include "harness/inject/creation_filter.h"
#include "harness/spawn/packet.h"

namespace ceiling {
namespace {

// What a child says before it is another program.
constexpr const char* kListening = "listening";

void take_standard_streams(const InjectedCommand& command) {
  const std::pair<int, int> streams[] = {{command.standard_input, STDIN_FILENO},
                                         {command.standard_output, STDOUT_FILENO},
                                         {command.standard_error, STDERR_FILENO}};
  for (const auto& [from, to] : streams) {
    if (from >= 0) ::dup2(from, to);
  }
}

/// As it was before this program changed it for itself.
void reset_signals() {
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGXFSZ, SIG_DFL);
  ::signal(SIGCHLD, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// The child's side: says that it listens and executes, or says errno.
[[noreturn]] void become(const InjectedCommand& command, const std::vector<sock_filter>& filter,
                         int socket) {
  std::vector<char*> arguments;
  for (const std::string& argument : command.command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  take_standard_streams(command);
  reset_signals();
  int listener = -EPERM;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) listener = listen_by_filter(filter);
  if (listener < 0) {
    send_packet(socket, std::to_string(-listener));
    ::_exit(1);
  }
  send_packet(socket, kListening, {&listener, 1});
  ::close(listener);
  ::execvp(arguments.front(), arguments.data());
  send_packet(socket, std::to_string(errno));
  ::_exit(1);
}

int number_in(const std::string& bytes) {
  int number = EIO;
  std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
  return number;
}

}  // namespace

StartedChild start_child(const InjectedCommand& command) {
  const std::vector<sock_filter> filter = creation_filter();
  auto [ours, its] = packet_pair();
  StartedChild child;
  child.pid = ::fork();
  if (child.pid < 0) throw Error("fork: " + std::generic_category().message(errno));
  if (child.pid == 0) become(command, filter, its.get());
  its = Descriptor();

  Received first = receive_packet(ours.get());
  if (first.state != Transfer::done) throw Error("the command's process ended before it began");
  if (first.packet.bytes != kListening || first.packet.descriptors.empty()) {
    throw HostError("the kernel does not let a filter ask: " +
                        std::generic_category().message(number_in(first.packet.bytes)),
                    "seccomp user notification needs Linux 5.5, and no other listener above it");
  }
  child.listener = std::move(first.packet.descriptors.front());
  const Received second = receive_packet(ours.get());
  if (second.state == Transfer::done) {
    const int error = number_in(second.packet.bytes);
    child.not_started = NotStarted{.status = error == ENOENT ? 127 : 126,
                                   .why = fmt::format("{}: {}", command.command.front(),
                                                      std::generic_category().message(error))};
  }
  return child;
}

}  // namespace ceiling
