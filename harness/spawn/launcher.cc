#include "harness/spawn/launcher.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "cgroups/error.h"
#include "harness/spawn/packet.h"
#include "harness/spawn/wire.h"

namespace ceiling {
namespace {

Error launcher_gone() {
  return Error("the launcher is gone: nothing can be started any more");
}

}  // namespace

SpawnError::SpawnError(const std::string& process, std::string step, int error)
    : std::system_error(error, std::generic_category(), process + ": " + step),
      step_(std::move(step)) {}

ChildProcess::ChildProcess(std::string name, pid_t pid, Descriptor pidfd)
    : name_(std::move(name)), pid_(pid), pidfd_(std::move(pidfd)) {}

void ChildProcess::signal(int number) const {
  if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0) != 0 && errno != ESRCH) {
    throw Error(name_ + ": signal " + std::to_string(number) + ": " +
                std::generic_category().message(errno));
  }
}

bool ChildProcess::ended() const {
  pollfd ending{pidfd_.get(), POLLIN, 0};
  return ::poll(&ending, 1, 0) == 1;
}

std::pair<LauncherChannel, LauncherChannel> LauncherChannel::make() {
  auto requests = packet_pair();
  auto exits = packet_pair();
  return {LauncherChannel{std::move(requests.first), std::move(exits.first)},
          LauncherChannel{std::move(requests.second), std::move(exits.second)}};
}

ChildProcess Launcher::start(const ProcessSpec& spec) {
  const EncodedRequest encoded = encode_request(spec);
  return request(spec.name, encoded.bytes, encoded.descriptors);
}

ChildProcess Launcher::start_namespace(const std::string& name, const std::vector<int>& join,
                                       std::int64_t pid_max) {
  return request(name, encode_namespace(name, join.size(), pid_max), join);
}

ChildProcess Launcher::request(const std::string& name, const std::string& bytes,
                               const std::vector<int>& descriptors) {
  if (send_packet(channel_.requests.get(), bytes, descriptors) != Transfer::done) {
    throw launcher_gone();
  }
  Received received = receive_packet(channel_.requests.get());
  if (received.state != Transfer::done) {
    throw launcher_gone();
  }
  const Started started = decode_reply(received.packet.bytes);
  if (started.error != 0) {
    throw SpawnError(name, std::string(to_string(started.step)), started.error);
  }
  if (received.packet.descriptors.size() != 1) {
    throw Error(name + ": started, but its pidfd did not arrive");
  }
  return ChildProcess(name, started.pid, std::move(received.packet.descriptors.front()));
}

std::vector<Exit> Launcher::exits() {
  std::vector<Exit> exits;
  for (;;) {
    const Received received = receive_packet(channel_.exits.get(), false);
    if (received.state == Transfer::closed && exits.empty()) {
      throw launcher_gone();
    }
    if (received.state != Transfer::done) {
      return exits;
    }
    exits.push_back(decode_exit(received.packet.bytes));
  }
}

}  // namespace ceiling
