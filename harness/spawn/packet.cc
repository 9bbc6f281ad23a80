#include "harness/spawn/packet.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "cgroups/error.h"

namespace ceiling {
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

// Where a caller was started with 0, 1 or 2 closed, these are the next numbers to be given out.
Descriptor beyond_standard_streams(Descriptor descriptor) {
  if (descriptor.get() > 2) {
    return descriptor;
  }
  Descriptor moved(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
  if (!moved) {
    throw Error("fcntl: " + reason(errno));
  }
  return moved;
}

using Ancillary = std::array<char, CMSG_SPACE(sizeof(int) * kMaxPacketDescriptors)>;

std::vector<Descriptor> received_descriptors(msghdr& message) {
  std::vector<Descriptor> descriptors;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    std::vector<int> numbers((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(numbers.data(), CMSG_DATA(part), numbers.size() * sizeof(int));
    for (const int number : numbers) {
      descriptors.emplace_back(number);
    }
  }
  return descriptors;
}

}  // namespace

std::pair<Descriptor, Descriptor> packet_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw Error("socketpair: " + reason(errno));
  }
  Descriptor first(ends[0]);
  Descriptor second(ends[1]);
  return {beyond_standard_streams(std::move(first)), beyond_standard_streams(std::move(second))};
}

Transfer send_packet(int socket, std::string_view bytes, std::span<const int> descriptors,
                     bool block) {
  if (bytes.size() > kMaxPacketBytes || descriptors.size() > kMaxPacketDescriptors) {
    throw Error("a message of " + std::to_string(bytes.size()) + " bytes and " +
                std::to_string(descriptors.size()) + " descriptors is too large");
  }
  iovec data{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  alignas(cmsghdr) Ancillary ancillary{};
  if (!descriptors.empty()) {
    message.msg_control = ancillary.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
  }
  const int flags = MSG_NOSIGNAL | (block ? 0 : MSG_DONTWAIT);
  while (::sendmsg(socket, &message, flags) < 0) {
    switch (errno) {
      case EINTR:
        continue;
      case EAGAIN:
        return Transfer::waiting;
      case EPIPE:
      case ECONNRESET:
      case ENOTCONN:
        return Transfer::closed;
      default:
        throw Error("sendmsg: " + reason(errno));
    }
  }
  return Transfer::done;
}

Received receive_packet(int socket, bool block) {
  std::string bytes(kMaxPacketBytes, '\0');
  iovec data{bytes.data(), bytes.size()};
  alignas(cmsghdr) Ancillary ancillary{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = ancillary.data();
  message.msg_controllen = ancillary.size();
  ssize_t size = 0;
  while ((size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (block ? 0 : MSG_DONTWAIT))) < 0) {
    if (errno == EAGAIN) {
      return {Transfer::waiting, {}};
    }
    if (errno == ECONNRESET) {
      return {Transfer::closed, {}};
    }
    if (errno != EINTR) {
      throw Error("recvmsg: " + reason(errno));
    }
  }
  Packet packet{{}, received_descriptors(message)};
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    throw Error("a message is too large");
  }
  if (size == 0) {  // we never send an empty message
    return {Transfer::closed, {}};
  }
  bytes.resize(static_cast<std::size_t>(size));
  packet.bytes = std::move(bytes);
  return {Transfer::done, std::move(packet)};
}

void close_all_but(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned next = 0;
  for (const int number : keep) {
    const auto kept = static_cast<unsigned>(number);
    if (kept > next) {
      ::close_range(next, kept - 1, 0);
    }
    next = kept + 1;
  }
  ::close_range(next, ~0U, 0);
}

int standard_streams_to_null() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) {
    return errno;
  }
  for (const int stream : {0, 1, 2}) {
    if (null != stream && ::dup2(null, stream) < 0) {
      return errno;
    }
  }
  if (null > 2) {
    ::close(null);
  }
  return 0;
}

}  // namespace ceiling
