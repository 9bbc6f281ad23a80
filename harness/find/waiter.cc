#include "harness/find/waiter.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>

namespace ceiling {

void Waiter::wait(std::chrono::milliseconds patience) {
  std::array<pollfd, 2> ready{{{launcher_.descriptor(), POLLIN, 0}, {stop_, POLLIN, 0}}};
  ::poll(ready.data(), ready.size(), static_cast<int>(patience.count()));
  signalfd_siginfo info{};
  if (ready[1].revents != 0 && ::read(stop_, &info, sizeof info) == sizeof info) {
    throw Stopped{static_cast<int>(info.ssi_signo)};
  }
  if (ready[0].revents == 0) return;
  for (const Exit& exit : launcher_.exits()) ended_[exit.pid] = exit.status;
}

std::optional<int> Waiter::status_of(pid_t pid) const {
  const auto found = ended_.find(pid);
  return found == ended_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace ceiling
