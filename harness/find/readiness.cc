#include "harness/find/readiness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "cgroups/descriptor.h"

namespace ceiling {
namespace {

constexpr std::size_t kLongestLine = 4096;
constexpr int kConnectMs = 100;

}  // namespace

bool listens(int port) {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return true;
  }
  if (errno != EINPROGRESS) return false;
  pollfd ready{socket.get(), POLLOUT, 0};
  int error = 0;
  socklen_t size = sizeof error;
  return ::poll(&ready, 1, kConnectMs) == 1 &&
         ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

void LineWatch::take(std::string_view text) {
  for (const char byte : text) {
    if (matched_) return;
    if (byte != '\n') {
      if (line_.size() < kLongestLine) line_ += byte;
      continue;
    }
    matched_ = std::regex_search(line_, expression_);
    line_.clear();
  }
}

}  // namespace ceiling
