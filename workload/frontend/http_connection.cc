#include "workload/frontend/http_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <string>
#include <utility>

#include "workload/frontend/http1_protocol.h"
#include "workload/frontend/http2_protocol.h"

namespace ceiling::frontend {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

/// When the kernel took it into its queue: what has come since then, if anything, can be read.
HttpConnection::Clock::time_point connected_at(tcp::socket& socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  ::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size);
  // Of a connection without data it is the age (tcp_create_openreq_child).
  return HttpConnection::Clock::now() - std::chrono::milliseconds(info.tcpi_last_data_recv);
}

}  // namespace

HttpConnection::HttpConnection(tcp::socket socket, std::shared_ptr<HttpService> service,
                               Close close)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      service_(std::move(service)),
      close_(std::move(close)),
      protocol_(std::make_unique<Http1Protocol>(*service_)),
      connected_(connected_at(socket_)) {}

void HttpConnection::start() {
  error_code error;
  socket_.non_blocking(true, error);
  if (error) return close();
  step();
}

std::optional<HttpConnection::Clock::time_point> HttpConnection::idle_since() const {
  error_code error;
  if (lingering_since_) return lingering_since_;
  if (writing_ || socket_.available(error) != 0) return std::nullopt;
  const auto since = protocol_->idle_since();
  return since && fresh_ ? connected_ : since;
}

std::optional<HttpConnection::Clock::time_point> HttpConnection::slow_since() const {
  if (lingering_since_) return std::nullopt;
  const auto since = protocol_->slow_since();
  if (!since && writing_ && protocol_->idle_since()) return write_began_;
  return since;
}

void HttpConnection::leave() {
  if (!lingering_since_ && !writing_) {
    protocol_->leave();
    error_code ignored;
    const auto last = protocol_->next_output();
    socket_.write_some(boost::asio::buffer(last.data(), last.size()), ignored);
  }
  close();
}

void HttpConnection::step() {
  if (stepping_ || !close_ || lingering_since_) return;
  stepping_ = true;
  do {
    while (auto next = protocol_->next_request()) {
      service_->hooks.handle(std::move(next->request),
                             [weak = weak_from_this(), id = next->id](HttpResponse response) {
                               const auto self = weak.lock();
                               if (self) self->answer(id, std::move(response));
                             });
    }
    write();
  } while (!writing_ && protocol_->has_request());
  stepping_ = false;
  if (!writing_) {
    if (protocol_->end() == HttpProtocol::End::kCut) return close();
    if (protocol_->end() == HttpProtocol::End::kLinger) return linger();
    if (protocol_->wants_bytes()) read();
  }
  arm();
}

void HttpConnection::write() {
  if (writing_) return;
  const std::string_view output = protocol_->next_output();
  if (output.empty()) return;
  writing_ = true;
  write_began_ = Clock::now();
  boost::asio::async_write(socket_, boost::asio::buffer(output.data(), output.size()),
                           [self = shared_from_this()](error_code error, std::size_t) {
                             self->writing_ = false;
                             if (error) return self->close();
                             self->step();
                           });
}

void HttpConnection::read() {
  if (std::exchange(waiting_, true)) return;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
    self->waiting_ = false;
    if (error) return self->close();
    const bool wanted = !self->writing_ && self->protocol_->wants_bytes();
    if (self->lingering_since_ || wanted) self->receive();
  });
}

void HttpConnection::receive() {
  error_code error;
  const std::size_t got = socket_.read_some(boost::asio::buffer(service_->scratch), error);
  if (error == boost::asio::error::would_block) return read();
  if (lingering_since_) return error ? close() : read();
  if (error && error != boost::asio::error::eof) return close();
  fresh_ = false;
  if (error) {
    protocol_->receive_end();
  } else {
    protocol_->receive({service_->scratch.data(), got});
  }
  if (!decided_) decide();
  step();
}

void HttpConnection::decide() {
  auto& first = static_cast<Http1Protocol&>(*protocol_);
  decided_ = first.decided();
  if (!first.is_http2()) return;
  const std::string input = first.take_input();
  protocol_ = std::make_unique<Http2Protocol>(*service_);
  protocol_->receive(input);
}

void HttpConnection::answer(std::uint32_t id, HttpResponse response) {
  if (!close_) return;
  protocol_->answer(id, std::move(response));
  step();
}

void HttpConnection::linger() {
  // Closed at once with bytes of the client unread, the kernel would take back what we said.
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  lingering_since_ = Clock::now();
  read();
  arm();
}

void HttpConnection::arm() {
  auto at =
      lingering_since_ ? *lingering_since_ + service_->limits.linger_time : protocol_->deadline();
  if (writing_) at = std::min(at, write_began_ + service_->limits.answer_time);
  if (at >= timer_at_) return;  // it looks again then
  timer_at_ = at;
  timer_.expires_at(at);
  timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (!error && self) self->expire();
  });
}

void HttpConnection::expire() {
  timer_at_ = Clock::time_point::max();
  if (!close_) return;
  const auto now = Clock::now();
  if (lingering_since_) {
    return now < *lingering_since_ + service_->limits.linger_time ? arm() : close();
  }
  if (writing_ && now >= write_began_ + service_->limits.answer_time) return close();
  protocol_->expire(now);
  if (protocol_->end() == HttpProtocol::End::kCut) return close();
  step();
}

void HttpConnection::close() {
  timer_.cancel();
  if (close_) std::exchange(close_, nullptr)(*this, socket_);
}

}  // namespace ceiling::frontend
