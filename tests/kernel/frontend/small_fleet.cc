#include "tests/kernel/frontend/small_fleet.h"

#include <chrono>
#include <filesystem>
#include <system_error>

namespace ceiling::testing_programs {
namespace {

// Nothing tells that a program has begun to listen but that it does.
void await_endpoint(const std::string& where) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  for (;;) {
    try {
      const Peer there(where);
      return;
    } catch (const std::system_error& error) {
      const bool early = error.code() == std::errc::connection_refused;
      if (!early || std::chrono::steady_clock::now() > until) throw;
    }
  }
}

}  // namespace

SmallFleet::SmallFleet(int frontends, int threads_per_peer, std::vector<std::string> more)
    : membership_(start_membership([&] {
        more.insert(more.end(), {"--bootstrap-expect", std::to_string(frontends),
                                 "--threads-per-peer", std::to_string(threads_per_peer)});
        return more;
      }())),
      address_(membership_.address()),
      backend_(start_backend("backend-1", address_)) {}

Program& SmallFleet::add(std::vector<std::string> more, const std::vector<int>& join) {
  statuses_.push_back(status_name());
  const std::string name = "frontend-" + std::to_string(statuses_.size());
  Program& frontend = frontends_.emplace_back(
      start_frontend(name, address_, statuses_.back(), std::move(more), join));
  await_endpoint(statuses_.back());
  return frontend;
}

wire::Status SmallFleet::status(std::size_t index) const {
  return wait_for_status(status_of(index), [](const wire::Status&) { return true; });
}

wire::Status SmallFleet::complete(std::size_t index, std::uint64_t version) const {
  return wait_for_status(status_of(index), [version](const wire::Status& status) {
    return status.build().version() == version && status.build().state() == wire::BUILD_COMPLETE;
  });
}

std::set<int> descriptors_of(pid_t pid) {
  std::set<int> numbers;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    numbers.insert(std::stoi(entry.path().filename()));
  }
  return numbers;
}

rlim_t limit_with(int left, const std::set<int>& in_use) {
  int limit = 0;
  for (; left >= 0; ++limit) left -= in_use.contains(limit) ? 0 : 1;
  return static_cast<rlim_t>(limit - 1);
}

}  // namespace ceiling::testing_programs
