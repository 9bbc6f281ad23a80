#include "harness/find/waiter.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>

#include "harness/find/command_output.h"

namespace ceiling {

void Waiter::wait(std::chrono::milliseconds patience) {
  using Clock = std::chrono::steady_clock;
  using std::chrono::milliseconds;
  const auto until = Clock::now() + patience;
  std::vector<pollfd> ready{{launcher_.descriptor(), POLLIN, 0}, {stop_, POLLIN, 0}};
  for (const CommandOutput* output : outputs_) ready.push_back({output->reading(), POLLIN, 0});
  do {
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    ::poll(ready.data(), ready.size(), static_cast<int>(std::max(left, milliseconds(0)).count()));
    signalfd_siginfo info{};
    if (ready[1].revents != 0 && ::read(stop_, &info, sizeof info) == sizeof info) {
      throw Stopped{static_cast<int>(info.ssi_signo)};
    }
    for (CommandOutput* output : outputs_) output->take();
    if (ready[0].revents == 0) continue;
    for (const Exit& exit : launcher_.exits()) ended_[exit.pid] = exit.status;
    return;
  } while (Clock::now() < until);
}

std::optional<int> Waiter::status_of(pid_t pid) const {
  const auto found = ended_.find(pid);
  return found == ended_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace ceiling
