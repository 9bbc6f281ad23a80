#include "workload/protocol/wire.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace ceiling::wire {
namespace {

// False when the other side closed before the first byte.
bool receive_all(int socket, std::span<std::byte> into) {
  std::size_t have = 0;
  while (have < into.size()) {
    const ssize_t got = ::recv(socket, into.data() + have, into.size() - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw std::system_error(errno, std::generic_category(), "recv");
    if (got == 0) {
      if (have == 0) return false;
      throw ProtocolError(fmt::format("cut after {} of {} bytes", have, into.size()));
    }
    have += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

std::string encode(const Envelope& envelope) {
  std::string frame;
  append_frame(frame, envelope);
  return frame;
}

void append_frame(std::string& frames, const Envelope& envelope) {
  const std::size_t length = envelope.ByteSizeLong();
  if (length > kMaxBodyBytes) {
    throw std::length_error(fmt::format("message of {} bytes, at most {}", length, kMaxBodyBytes));
  }
  for (const char byte :
       {'C', 'L', static_cast<char>(kVersion >> 8), static_cast<char>(kVersion & 0xff)}) {
    frames += byte;
  }
  for (int shift = 24; shift >= 0; shift -= 8) frames += static_cast<char>(length >> shift & 0xff);
  envelope.AppendToString(&frames);
}

std::size_t body_length(std::span<const std::byte, kHeaderBytes> header) {
  const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(header[i]); };
  if (at(0) != 'C' || at(1) != 'L') throw ProtocolError("not a frame of this protocol");
  if (const auto version = at(2) << 8 | at(3); version != kVersion) {
    throw ProtocolError(fmt::format("protocol version {}, expected {}", version, kVersion));
  }
  const std::uint32_t length = at(4) << 24 | at(5) << 16 | at(6) << 8 | at(7);
  if (length > kMaxBodyBytes) {
    throw ProtocolError(fmt::format("message of {} bytes, at most {}", length, kMaxBodyBytes));
  }
  return length;
}

Envelope decode(std::string_view body) {
  Envelope envelope;
  if (!envelope.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    throw ProtocolError(fmt::format("{} bytes that are no message", body.size()));
  }
  if (envelope.message_case() == Envelope::MESSAGE_NOT_SET) throw ProtocolError("empty message");
  return envelope;
}

void send_frame(int socket, std::string_view frame) {
  while (!frame.empty()) {
    const ssize_t sent = ::send(socket, frame.data(), frame.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) throw std::system_error(errno, std::generic_category(), "send");
    frame.remove_prefix(static_cast<std::size_t>(sent));
  }
}

Envelope receive(int socket) {
  std::array<std::byte, kHeaderBytes> header{};
  if (!receive_all(socket, header)) return {};
  std::string body(body_length(header), '\0');
  if (!body.empty() && !receive_all(socket, std::as_writable_bytes(std::span(body)))) {
    throw ProtocolError("cut after the header");
  }
  return decode(body);
}

}  // namespace ceiling::wire
