#include "workload/protocol/http_channel.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <cassert>
#include <cerrno>
#include <utility>

namespace ceiling {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

HttpChannel::HttpChannel(asio::any_io_executor executor, tcp::endpoint peer,
                         std::chrono::milliseconds timeout)
    : socket_(executor), deadline_(executor), peer_(std::move(peer)), timeout_(timeout) {}

void HttpChannel::exchange(std::string request, Done done) {
  assert(!done_);
  request_ = std::move(request);
  done_ = std::move(done);
  timed_out_ = false;
  deadline_.expires_after(timeout_);
  deadline_.async_wait([self = shared_from_this(), number = ++exchanges_](error_code error) {
    // A timer that expired just before it was cancelled still comes here.
    if (error || number != self->exchanges_ || !self->done_) return;
    self->timed_out_ = true;
    error_code ignored;
    self->socket_.close(ignored);
  });
  if (still_connected()) return send();
  connect();
}

bool HttpChannel::still_connected() {
  if (!socket_.is_open()) return false;
  // A request on a connection that the other side has closed would be lost, its end unknown.
  char byte = 0;
  const ssize_t got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
  error_code ignored;
  socket_.close(ignored);
  return false;
}

void HttpChannel::connect() {
  buffer_.clear();
  socket_.async_connect(peer_, [self = shared_from_this()](error_code error) {
    if (!error && self->timed_out_) error = asio::error::operation_aborted;
    if (!error) self->socket_.set_option(tcp::no_delay(true), error);
    if (error) return self->give_up(Exchange::End::not_sent, error);
    self->send();
  });
}

void HttpChannel::send() {
  asio::async_write(socket_, asio::buffer(request_),
                    [self = shared_from_this()](error_code error, std::size_t sent) {
                      if (!error) return self->receive();
                      // Even an unfinished request may be answered, but it is no longer ours.
                      self->give_up(sent == 0 ? Exchange::End::not_sent : Exchange::End::lost,
                                    error);
                    });
}

void HttpChannel::receive() {
  parser_.emplace();
  parser_->body_limit(kMaxAnswerBytes);
  boost::beast::http::async_read(socket_, buffer_, *parser_,
                                 [self = shared_from_this()](error_code error, std::size_t) {
                                   if (error) return self->give_up(Exchange::End::lost, error);
                                   self->answered();
                                 });
}

void HttpChannel::answered() {
  auto answer = parser_->release();
  // What came behind the answer was never asked for: nothing on this connection can be trusted.
  if (!answer.keep_alive() || buffer_.size() != 0) {
    error_code ignored;
    socket_.close(ignored);
  }
  finish({Exchange::End::answered, answer.result_int(), std::move(answer.body()), "", false});
}

void HttpChannel::give_up(Exchange::End end, const error_code& error) {
  error_code ignored;
  socket_.close(ignored);
  finish({end, 0, "",
          timed_out_ ? fmt::format("no answer in {} ms", timeout_.count()) : error.message(),
          timed_out_});
}

void HttpChannel::abandon() {
  const auto self = shared_from_this();  // `done_` may hold the last reference
  error_code ignored;
  socket_.close(ignored);
  deadline_.cancel();
  done_ = nullptr;
}

void HttpChannel::finish(Exchange exchange) {
  if (!done_) return;
  deadline_.cancel();
  std::exchange(done_, nullptr)(std::move(exchange));
}

}  // namespace ceiling
