#include "tests/unit/frontend/raw_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "workload/protocol/connection.h"

namespace ceiling::frontend {

RawClient::RawClient(const std::string& address, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (receive_buffer != 0) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  const int at_once = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  const auto endpoint = wire::endpoint_of(address);
  if (::connect(socket_, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
    throw std::system_error(errno, std::generic_category(), "connect");
  }
}

RawClient::~RawClient() {
  ::close(socket_);
}

bool RawClient::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::post(const std::string& target, std::string_view body,
                     const std::string& headers) const {
  send("POST " + target + " HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
       headers + "\r\n" + std::string(body));
}

RawClient::Answer RawClient::call(const std::string& target, std::string_view body,
                                  const std::string& headers) {
  post(target, body, headers);
  return read();
}

RawClient::Answer RawClient::read() {
  std::size_t end = 0;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return {};
  }
  Answer answer;
  answer.head = input_.substr(0, end + 2);
  input_.erase(0, end + 4);
  answer.status = std::stoi(answer.head.substr(answer.head.find(' ')));
  const std::string kLength = "Content-Length: ";
  const auto length = answer.head.find(kLength);
  if (length == std::string::npos) return answer;
  const auto bytes = std::stoul(answer.head.substr(length + kLength.size()));
  while (input_.size() < bytes) {
    if (!read_more()) return {};
  }
  answer.body = input_.substr(0, bytes);
  input_.erase(0, bytes);
  return answer;
}

std::string RawClient::read_to_the_end() {
  while (read_more()) continue;
  return std::exchange(input_, {});
}

bool RawClient::readable_within(std::chrono::milliseconds patience) const {
  pollfd readable{socket_, POLLIN, 0};
  return ::poll(&readable, 1, static_cast<int>(patience.count())) == 1;
}

bool RawClient::read_more() {
  std::array<char, 65536> bytes{};
  const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (got < 0 && errno == EAGAIN) throw std::runtime_error("nothing came within five seconds");
  if (got <= 0) return false;
  input_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

}  // namespace ceiling::frontend
