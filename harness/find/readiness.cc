#include "harness/find/readiness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

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

LogWatch::LogWatch(int file, const std::string& expression)
    : reading_(::open(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDONLY | O_CLOEXEC)),
      expression_(expression) {}

bool LogWatch::matched() {
  std::array<char, 4096> bytes{};
  for (ssize_t got = 0; (got = ::read(reading_.get(), bytes.data(), bytes.size())) > 0;) {
    for (ssize_t i = 0; i < got; ++i) {
      const char byte = bytes[static_cast<std::size_t>(i)];
      if (byte != '\n') {
        if (line_.size() < kLongestLine) line_ += byte;
        continue;
      }
      if (std::regex_search(line_, expression_)) return true;
      line_.clear();
    }
  }
  return false;
}

}  // namespace ceiling
