#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroups/descriptor.h"

namespace ceiling {

/// One message of a SOCK_SEQPACKET socket of ours: bytes and the descriptors that travel with them
/// (SCM_RIGHTS, see unix(7)).
struct Packet {
  std::string bytes;
  std::vector<Descriptor> descriptors;  ///< CLOEXEC
};

constexpr std::size_t kMaxPacketBytes = std::size_t{64} * 1024;
constexpr std::size_t kMaxPacketDescriptors = 253;  ///< SCM_MAX_FD

/// What became of a send or a receive: `waiting` only where it was asked not to block.
enum class Transfer { done, waiting, closed };

/// A connected SOCK_SEQPACKET pair, both CLOEXEC and none of 0, 1, 2. Throws Error.
std::pair<Descriptor, Descriptor> packet_pair();

/// Sends one message; `descriptors` are borrowed. Throws Error when it is larger than the bounds
/// above, or when a descriptor is not open.
Transfer send_packet(int socket, std::string_view bytes, std::span<const int> descriptors = {},
                     bool block = true);

struct Received {
  Transfer state = Transfer::closed;
  Packet packet;  ///< when `state` is done
};
/// Takes one message. Fewer descriptors than were sent arrive when this process has no room for
/// them (RLIMIT_NOFILE). Throws Error when the message is larger than the bounds above.
Received receive_packet(int socket, bool block = true);

/// Closes every descriptor of this process but those in `keep`.
void close_all_but(std::vector<int> keep);

/// Makes 0, 1 and 2 the null device, so that a pipe or a terminal of the caller's is not held open.
/// Returns 0 or an errno.
int standard_streams_to_null();

}  // namespace ceiling
