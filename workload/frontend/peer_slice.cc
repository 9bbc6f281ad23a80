#include "workload/frontend/peer_slice.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "workload/frontend/reserved_acceptor.h"
#include "workload/protocol/routes.h"

namespace ceiling::frontend {

Descriptor make_peer_socket() {
  const std::lock_guard lock(descriptor_table());
  Descriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!made) throw std::system_error(errno, std::generic_category(), "socket");
  const int one = 1;
  ::setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return made;
}

wire::Envelope hello_for(const wire::Hello& self, std::uint32_t part, std::uint32_t parts) {
  wire::Envelope envelope;
  *envelope.mutable_hello() = self;
  envelope.mutable_hello()->set_part(part);
  envelope.mutable_hello()->set_parts(parts);
  return envelope;
}

wire::Slice slice_in(wire::Envelope message, const wire::Member& sender, std::uint32_t part) {
  if (message.has_rejected()) throw wire::ProtocolError("rejected: " + message.rejected().reason());
  if (!message.has_slice()) throw wire::ProtocolError("expected a slice");
  const wire::Slice& slice = message.slice();
  if (slice.sender() != sender.name() || slice.part() != part) {
    throw wire::ProtocolError(fmt::format("a slice of {} part {}", slice.sender(), slice.part()));
  }
  if (slice.checksum() != wire::checksum(slice)) {
    throw wire::ProtocolError("a slice whose checksum is wrong");
  }
  return std::move(*message.mutable_slice());
}

}  // namespace ceiling::frontend
