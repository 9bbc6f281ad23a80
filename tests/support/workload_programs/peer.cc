#include "tests/support/workload_programs/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace ceiling::testing_programs {
namespace {

using wire::Envelope;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int connect_to(int family, const sockaddr* to, socklen_t length) {
  const int socket = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) fail("socket");
  if (::connect(socket, to, length) != 0) {
    const int error = errno;
    ::close(socket);
    errno = error;
    fail("connect");
  }
  return socket;
}

int connect_abstract(const std::string& name) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  name.copy(to.sun_path + 1, sizeof to.sun_path - 1, 1);
  return connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&to),
                    static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size()));
}

int connect_tcp(const std::string& address) {
  const auto colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  return connect_to(AF_INET, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

}  // namespace

Peer::Peer(int socket) : socket_(socket) {
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

Peer::Peer(const std::string& address)
    : Peer(address.starts_with("@") ? connect_abstract(address) : connect_tcp(address)) {}

Peer::Peer(const std::string& address, wire::Role role, const std::string& name,
           const std::string& token)
    : Peer(address) {
  Envelope envelope;
  envelope.mutable_hello()->set_role(role);
  envelope.mutable_hello()->set_name(name);
  envelope.mutable_hello()->set_token(token);
  send(envelope);
}

Peer::~Peer() {
  ::close(socket_);
}

void Peer::send(const Envelope& envelope) const {
  wire::send_frame(socket_, wire::encode(envelope));
}

void Peer::send_bytes(std::string_view bytes) const {
  wire::send_frame(socket_, bytes);
}

Envelope Peer::receive() const {
  return wire::receive(socket_);
}

void Peer::cut() const {
  ::shutdown(socket_, SHUT_WR);
}

std::string Peer::read_to_the_end() const {
  std::string reason;
  try {
    while (true) {
      const Envelope message = receive();
      if (message.message_case() == Envelope::MESSAGE_NOT_SET) return reason;
      if (message.has_rejected()) reason = message.rejected().reason();
    }
  } catch (const std::system_error& error) {
    // Bytes of ours that were never read make it a reset.
    if (error.code() != std::errc::connection_reset) throw;
  }
  return reason;
}

bool Peer::quiet(std::chrono::milliseconds time) const {
  pollfd ready{socket_, POLLIN, 0};
  return ::poll(&ready, 1, static_cast<int>(time.count())) == 0;
}

void Peer::join_frontend(const std::string& name, const std::string& peer_address) const {
  Envelope envelope;
  wire::Member& member = *envelope.mutable_join()->mutable_frontend();
  member.set_name(name);
  member.set_peer_address(peer_address);
  member.set_http_address("127.0.0.1:2");
  send(envelope);
}

void Peer::join_backend(const std::string& name, const std::string& address) const {
  Envelope envelope;
  envelope.mutable_join()->mutable_backend()->set_name(name);
  envelope.mutable_join()->mutable_backend()->set_address(address);
  send(envelope);
}

wire::Leases Peer::renew() const {
  Envelope envelope;
  envelope.mutable_renew_leases();
  send(envelope);
  return receive().leases();
}

wire::PutDone Peer::put(std::uint32_t shard, std::uint64_t epoch, const std::string& data) const {
  Envelope envelope;
  wire::Put& put = *envelope.mutable_put();
  put.set_id(shard + 100);
  put.set_stream("orders");
  put.set_shard(shard);
  put.set_epoch(epoch);
  put.set_partition_key("key");
  put.set_data(data);
  send(envelope);
  return receive().put_done();
}

wire::GetDone Peer::get(std::uint32_t shard, std::uint64_t epoch, std::uint64_t from) const {
  Envelope envelope;
  wire::Get& get = *envelope.mutable_get();
  get.set_id(shard + 200);
  get.set_stream("orders");
  get.set_shard(shard);
  get.set_epoch(epoch);
  get.set_from_sequence(from);
  get.set_limit(100);
  send(envelope);
  return receive().get_done();
}

wire::Status wait_for_status(const std::string& where,
                             const std::function<bool(const wire::Status&)>& wanted) {
  const Peer watcher(where);
  Envelope request;
  request.mutable_status_request()->set_watch(true);
  watcher.send(request);
  while (true) {
    const Envelope answer = watcher.receive();
    if (wanted(answer.status())) return answer.status();
  }
}

}  // namespace ceiling::testing_programs
