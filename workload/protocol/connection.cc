#include "workload/protocol/connection.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <chrono>
#include <span>
#include <stdexcept>
#include <utility>

#include "workload/protocol/process.h"

namespace ceiling::wire {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kMostAtOnce = 64 << 10;

std::span<const std::byte, kHeaderBytes> header_of(std::string_view frame) {
  return std::as_bytes(std::span(frame)).first<kHeaderBytes>();
}

}  // namespace

void Connection::start(OnMessage on_message, OnClosed on_closed) {
  on_message_ = std::move(on_message);
  on_closed_ = std::move(on_closed);
  error_code ignored;
  socket_.non_blocking(true, ignored);
  read();
}

void Connection::expect_within(std::chrono::milliseconds patience) {
  expected_.emplace(socket_.get_executor(), patience);
  expected_->async_wait([weak = weak_from_this(), patience](error_code answered) {
    const auto self = weak.lock();
    if (self && !answered) self->fail(fmt::format("said nothing within {} ms", patience.count()));
  });
}

void Connection::read() {
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code error) {
    error ? self->fail(error.message()) : self->receive();
  });
}

void Connection::receive() {
  std::array<char, kMostAtOnce> bytes;  // NOLINT: not initialised; an idle connection has none
  error_code error;
  const std::size_t got = socket_.read_some(asio::buffer(bytes), error);
  if (error == asio::error::would_block) return read();
  if (error == asio::error::eof) return fail(cut());
  if (error) return fail(error.message());
  const std::string_view fresh(bytes.data(), got);
  if (input_.empty()) {
    input_ = deliver(fresh);
  } else {
    input_ += fresh;
    input_.erase(0, input_.size() - deliver(input_).size());
    if (input_.empty()) input_.shrink_to_fit();
  }
  if (socket_.is_open() && !closing_) read();
}

std::string_view Connection::deliver(std::string_view bytes) {
  while (socket_.is_open() && !closing_ && bytes.size() >= kHeaderBytes) {
    std::size_t length = 0;
    try {
      length = body_length(header_of(bytes));
    } catch (const ProtocolError& wrong) {
      fail(wrong.what());
      break;
    }
    if (bytes.size() - kHeaderBytes < length) break;
    expected_.reset();
    try {
      on_message_(decode(bytes.substr(kHeaderBytes, length)));
    } catch (const ProtocolError& wrong) {
      reject(wrong.what());
    }
    bytes.remove_prefix(kHeaderBytes + length);
  }
  return bytes;
}

/// Why the end is none between two frames; empty when it is.
std::string Connection::cut() const {
  if (input_.empty()) return "";
  if (input_.size() < kHeaderBytes) return "cut inside a header";
  return fmt::format("cut after {} of {} bytes", input_.size() - kHeaderBytes,
                     body_length(header_of(input_)));
}

void Connection::send(const Envelope& envelope) {
  if (!socket_.is_open() || closing_) return;
  append_frame(pending_, envelope);
  write_soon();
}

void Connection::send_frame(std::string_view frame) {
  if (!socket_.is_open() || closing_) return;
  pending_ += frame;
  write_soon();
}

void Connection::write_soon() {
  if (pending_.size() > kMaxPendingBytes) return fail("does not read what it asked for");
  if (!writing_.empty() || std::exchange(writing_soon_, true)) return;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->writing_soon_ = false;
    if (self->socket_.is_open()) self->write();
  });
}

void Connection::write() {
  writing_.swap(pending_);
  asio::async_write(socket_, asio::buffer(writing_),
                    [self = shared_from_this()](error_code error, std::size_t) {
                      self->writing_.clear();
                      self->writing_.shrink_to_fit();
                      if (error) return self->fail(error.message());
                      if (!self->pending_.empty()) return self->write();
                      if (self->closing_) self->fail("");
                    });
}

void Connection::reject(const std::string& reason) {
  if (!socket_.is_open() || closing_) return;
  Envelope envelope;
  envelope.mutable_rejected()->set_reason(reason);
  send(envelope);
  closing_ = true;
  if (on_closed_) std::exchange(on_closed_, nullptr)(reason);
}

void Connection::close() {
  fail("");
}

void Connection::fail(std::string_view reason) {
  error_code ignored;
  socket_.close(ignored);
  expected_.reset();
  // Not called from within send(): the owner may be walking over its connections.
  asio::post(socket_.get_executor(), [self = shared_from_this(), text = std::string(reason)] {
    if (self->on_closed_) std::exchange(self->on_closed_, nullptr)(text);
    self->on_message_ = nullptr;
  });
}

const Hello& check_hello(const Envelope& message, std::string_view token) {
  if (!message.has_hello()) throw ProtocolError("the first message is not hello");
  if (!same_token(message.hello().token(), token)) {
    throw ProtocolError("hello with a wrong token");
  }
  return message.hello();
}

void start_listener(const std::shared_ptr<Connection>& connection, Welcome welcome,
                    Connection::OnClosed on_closed) {
  connection->start(
      [weak = std::weak_ptr(connection), welcome = std::move(welcome),
       greeted = false](const Envelope& message) mutable {
        const auto self = weak.lock();
        if (!self) return;
        if (std::exchange(greeted, true)) throw ProtocolError("expected nothing after hello");
        welcome(self, message);
      },
      std::move(on_closed));
  connection->expect_within(kHelloPatience);
}

tcp::endpoint endpoint_of(std::string_view address) {
  const auto colon = address.rfind(':');
  std::uint16_t port = 0;
  error_code error;
  if (colon != std::string_view::npos) {
    const std::string_view digits = address.substr(colon + 1);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    const auto host = asio::ip::make_address(std::string(address.substr(0, colon)), error);
    if (parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size() && !error) {
      return {host, port};
    }
  }
  throw std::invalid_argument(
      fmt::format("\"{}\" is no address: expected one like 127.0.0.1:4000", address));
}

std::string to_string(const tcp::endpoint& endpoint) {
  return fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
}

void connect(asio::any_io_executor executor, const std::string& address,
             std::function<void(std::shared_ptr<Connection>, std::string)> done) {
  auto socket = std::make_shared<tcp::socket>(executor);
  socket->async_connect(
      endpoint_of(address), [socket, done = std::move(done), address](error_code error) {
        if (error) return done(nullptr, fmt::format("connect to {}: {}", address, error.message()));
        socket->set_option(tcp::no_delay(true));
        done(std::make_shared<Connection>(std::move(*socket)), "");
      });
}

tcp::acceptor listen_on_loopback(asio::any_io_executor executor, std::uint16_t port) {
  tcp::acceptor acceptor(executor, tcp::v4());
  // Connections of an earlier server in TIME_WAIT do not keep a chosen port from its next one.
  acceptor.set_option(tcp::acceptor::reuse_address(port != 0));
  acceptor.bind({asio::ip::address_v4::loopback(), port});
  acceptor.listen(asio::socket_base::max_listen_connections);
  return acceptor;
}

void accept_all(tcp::acceptor& acceptor, std::function<void(tcp::socket)> accepted) {
  acceptor.async_accept(
      [&acceptor, accepted = std::move(accepted)](error_code error, tcp::socket socket) mutable {
        if (!acceptor.is_open()) return;
        if (!error) {
          socket.set_option(tcp::no_delay(true), error);
          accepted(std::move(socket));
          return accept_all(acceptor, std::move(accepted));
        }
        // Most likely out of descriptors: until one is free, asking again at once would only burn
        // the CPU.
        auto pause = std::make_shared<asio::steady_timer>(acceptor.get_executor(), kAcceptPause);
        pause->async_wait([pause, &acceptor, accepted = std::move(accepted)](error_code) mutable {
          if (acceptor.is_open()) accept_all(acceptor, std::move(accepted));
        });
      });
}

}  // namespace ceiling::wire
