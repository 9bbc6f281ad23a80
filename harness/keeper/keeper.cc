#include "harness/keeper/keeper.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "harness/keeper/end.h"
#include "harness/keeper/keeper_process.h"
#include "harness/keeper/processes.h"
#include "harness/spawn/packet.h"

namespace ceiling {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// Nothing when the keeper is gone.
std::optional<json> next_message(int control) {
  const Received received = receive_packet(control);
  if (received.state != Transfer::done) {
    return std::nullopt;
  }
  return json::parse(received.packet.bytes);
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void throw_refusal(const json& message) {
  const std::string what = message.at("refused");
  const std::string remedy = message.at("remedy");
  if (remedy.empty()) {
    throw Error(what);
  }
  throw HostError(what, remedy);
}

}  // namespace

Keeper::Keeper(Registry registry, RegistryEntry entry, Launcher launcher, Descriptor control)
    : registry_(std::move(registry)),
      entry_(std::move(entry)),
      launcher_(std::move(launcher)),
      control_(std::move(control)) {}

Keeper Keeper::start(const Registry& registry, RegistryEntry entry, int uid_count) {
  if (numbered_entries("/proc/self/task").size() != 1) {
    throw Error("the keeper must be started before any thread");
  }
  entry.harness = ::getpid();
  entry.harness_started = stat_of(entry.harness).value().started;
  auto [ours, theirs] = packet_pair();
  auto [to_launcher, launcher_end] = LauncherChannel::make();
  const pid_t pid = ::fork();
  if (pid < 0) {
    throw Error("fork of the keeper: " + std::generic_category().message(errno));
  }
  if (pid == 0) {
    keep(registry, std::move(entry), uid_count, std::move(theirs), std::move(launcher_end));
  }
  theirs = Descriptor();
  launcher_end = LauncherChannel();
  const std::optional<json> message = next_message(ours.get());
  if (!message || message->contains("refused")) {
    reap(pid);
    message ? throw_refusal(*message) : throw Error("the keeper died at its start");
  }
  entry.uids = message->at("uids").get<std::vector<uid_t>>();
  for (std::size_t i = 0; i < entry.host_settings.size(); ++i) {
    entry.host_settings[i].previous = message->at("previous").at(i);
  }
  entry.keeper = message->at("keeper");
  entry.keeper_started = message->at("keeper_started");
  return Keeper(registry, std::move(entry), Launcher(std::move(to_launcher)), std::move(ours));
}

std::vector<std::string> Keeper::finish(milliseconds patience) {
  if (!control_) {
    return {};
  }
  const Descriptor control = std::move(control_);
  const json request = {{"patience_ms", patience.count()}};
  std::optional<json> answer;
  if (send_packet(control.get(), request.dump()) == Transfer::done) {
    // Groups and children may each take the whole of it.
    pollfd answered{control.get(), POLLIN, 0};
    if (::poll(&answered, 1, static_cast<int>(2 * patience.count() + 1000)) != 1) {
      throw Error("the keeper of run " + entry_.run_id + " does not answer");
    }
    answer = next_message(control.get());
  }
  reap(entry_.keeper);
  if (!answer) {
    const Restored restored =
        restore_and(entry_, registry_.root(), [&] { end_groups(entry_, patience); });
    registry_.remove(entry_.run_id);
    return restored.left_alone;
  }
  if (const std::string left = answer->at("left"); !left.empty()) {
    throw Error("run " + entry_.run_id + ": " + left);
  }
  return answer->at("left_alone");
}

Keeper::~Keeper() {
  try {
    finish();
  } catch (...) {  // who cares calls finish(); the entry is still there for `ceiling clean`
  }
}

}  // namespace ceiling
