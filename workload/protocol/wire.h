#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "messages.pb.h"

namespace ceiling::wire {

/// A frame: "CL", version (2 bytes), length of the body (4 bytes), both big-endian, then the body,
/// one Envelope.
inline constexpr std::size_t kHeaderBytes = 8;
inline constexpr std::uint16_t kVersion = 1;
/// Enough for the member list of a fleet of 10,000; anything longer is refused unread.
inline constexpr std::size_t kMaxBodyBytes = 4 << 20;

/// The other side does not keep to the protocol. The connection is closed, nothing else suffers.
class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The whole frame. Throws std::length_error for a message above kMaxBodyBytes: a defect of ours.
std::string encode(const Envelope& envelope);
/// The same, at the end of `frames`, which stay as they are when it throws.
void append_frame(std::string& frames, const Envelope& envelope);

/// The length of the body that follows this header. Throws ProtocolError.
std::size_t body_length(std::span<const std::byte, kHeaderBytes> header);

/// Throws ProtocolError for a body that is no Envelope or an empty one.
Envelope decode(std::string_view body);

/// Blocking calls for a thread that serves one connection; retry on EINTR. Throw std::system_error.
void send_frame(int socket, std::string_view frame);
/// The next message, or an Envelope without one when the other side closed between two frames.
/// Throws ProtocolError for a cut frame too.
Envelope receive(int socket);

}  // namespace ceiling::wire
