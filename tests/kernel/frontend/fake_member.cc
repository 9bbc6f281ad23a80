#include "tests/kernel/frontend/fake_member.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "workload/protocol/routes.h"

namespace ceiling::testing_programs {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

FakeMember::FakeMember(const std::string& membership, const std::string& name)
    : name_(name), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof here;
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(listening_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::bind(listening_, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 ||
      ::listen(listening_, 16) != 0 ||
      ::getsockname(listening_, reinterpret_cast<sockaddr*>(&here), &length) != 0) {
    fail("listen");
  }
  membership_ = std::make_unique<Peer>(membership, wire::ROLE_FRONTEND, name);
  membership_->join_frontend(name, "127.0.0.1:" + std::to_string(ntohs(here.sin_port)));
}

FakeMember::~FakeMember() {
  ::close(listening_);
}

std::unique_ptr<Peer> FakeMember::accept(const std::string& frontend) {
  while (!others_.contains(frontend)) {
    const int socket = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) fail("accept");
    auto peer = std::make_unique<Peer>(socket);
    const std::string from = peer->receive().hello().name();
    others_.emplace(from, std::move(peer));
  }
  return std::move(others_.extract(others_.find(frontend)).mapped());
}

wire::Envelope FakeMember::slice(std::uint64_t version) const {
  wire::Envelope envelope;
  wire::Slice& slice = *envelope.mutable_slice();
  slice.set_version(version);
  slice.set_sender(name_);
  slice.set_checksum(wire::checksum(slice));
  return envelope;
}

}  // namespace ceiling::testing_programs
