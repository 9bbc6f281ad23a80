#pragma once

#include <chrono>
#include <cstdint>

#include "cgroups/descriptor.h"
#include "workload/protocol/wire.h"

namespace ceiling::frontend {

// What a connection to another frontend is, whether a thread serves it or the event loop.

/// How long a broken one waits before it is connected again.
inline constexpr std::chrono::milliseconds kReconnectDelay{100};

/// A socket for one. Throws std::system_error (EMFILE, ENFILE; socket(2)).
Descriptor make_peer_socket();

/// The first message on it: we, and which of the `parts` connections to that peer it is.
wire::Envelope hello_for(const wire::Hello& self, std::uint32_t part, std::uint32_t parts);

/// The slice that `message` has to be. Throws wire::ProtocolError for anything else, another sender
/// or part, and a wrong checksum.
wire::Slice slice_in(wire::Envelope message, const wire::Member& sender, std::uint32_t part);

}  // namespace ceiling::frontend
