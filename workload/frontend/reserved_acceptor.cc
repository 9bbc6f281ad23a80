#include "workload/frontend/reserved_acceptor.h"

#include <fcntl.h>
#include <poll.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "workload/protocol/connection.h"

namespace ceiling::frontend {

using boost::asio::ip::tcp;
using boost::system::error_code;

std::mutex& descriptor_table() {
  static std::mutex mutex;
  return mutex;
}

ReservedAcceptor::ReservedAcceptor(const boost::asio::any_io_executor& executor, std::size_t places,
                                   Accepted accepted, MakeRoom make_room, std::uint16_t port)
    : acceptor_(wire::listen_on_loopback(executor, port)),
      pause_(executor),
      accepted_(std::move(accepted)),
      make_room_(std::move(make_room)) {
  acceptor_.non_blocking(true);
  while (places_ < places) add_place();
}

std::string ReservedAcceptor::address() const {
  return wire::to_string(acceptor_.local_endpoint());
}

void ReservedAcceptor::add_place() {
  {
    const std::scoped_lock lock(mutex_, descriptor_table());
    if (const int error = reserve()) {
      throw std::system_error(error, std::generic_category(), "reserve a descriptor");
    }
    ++places_;
  }
  boost::asio::post(acceptor_.get_executor(), [this] { wait(); });
}

void ReservedAcceptor::remove_place() {
  const std::lock_guard lock(mutex_);
  --places_;
  if (connections_ + reserved_.size() > places_ && !reserved_.empty()) reserved_.pop_back();
}

void ReservedAcceptor::lend(int most, const std::function<void(int)>& use) {
  const std::scoped_lock lock(mutex_, descriptor_table());
  int lent = 0;
  for (; lent < most && !reserved_.empty(); ++lent) reserved_.pop_back();
  use(lent);
  for (; lent > 0; --lent) reserve();
}

void ReservedAcceptor::close(tcp::socket& socket) {
  {
    const std::scoped_lock lock(mutex_, descriptor_table());
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_both, ignored);
    socket.close(ignored);
    free_place();
  }
  if (pause_.cancel() > 0) waiting_ = false;
  wait();
}

void ReservedAcceptor::closed() {
  {
    const std::scoped_lock lock(mutex_, descriptor_table());
    free_place();
  }
  if (pause_.cancel() > 0) waiting_ = false;
  wait();
}

/// With both locks held.
void ReservedAcceptor::free_place() {
  --connections_;
  // Refused, the place stays: its next connection needs a descriptor when it comes.
  if (connections_ + reserved_.size() < places_) reserve();
}

/// Any descriptor does: what counts is that its number is taken.
int ReservedAcceptor::reserve() {
  Descriptor copy(::fcntl(acceptor_.native_handle(), F_DUPFD_CLOEXEC, 0));
  if (!copy) return errno;
  reserved_.push_back(std::move(copy));
  return 0;
}

bool ReservedAcceptor::full() {
  const std::lock_guard lock(mutex_);
  return connections_ >= places_;
}

void ReservedAcceptor::wait() {
  if (waiting_ || (full() && !make_room_)) return;
  waiting_ = true;
  acceptor_.async_wait(tcp::acceptor::wait_read, [this](error_code error) {
    if (error != boost::asio::error::operation_aborted) accept_or_pause();
  });
}

bool ReservedAcceptor::somebody_waits() {
  pollfd queue{acceptor_.native_handle(), POLLIN, 0};
  return ::poll(&queue, 1, 0) == 1;
}

void ReservedAcceptor::accept_or_pause() {
  // Who waited may be gone by now: nobody is closed for nobody.
  const bool room = !full() || !make_room_ || !somebody_waits() || make_room_();
  waiting_ = false;
  if (room && accept_one()) return wait();
  waiting_ = true;
  pause_.expires_after(wire::kAcceptPause);
  pause_.async_wait([this](error_code ended) {
    if (ended) return;
    waiting_ = false;
    wait();
  });
}

/// False: the kernel has no descriptor for it.
bool ReservedAcceptor::accept_one() {
  error_code error;
  tcp::socket socket(acceptor_.get_executor());
  {
    const std::scoped_lock lock(mutex_, descriptor_table());
    if (connections_ >= places_) return true;
    if (!reserved_.empty()) reserved_.pop_back();
    acceptor_.accept(socket, error);
    if (!error) ++connections_;
    if (connections_ + reserved_.size() < places_) reserve();
  }
  if (error) return error == boost::asio::error::would_block;
  socket.set_option(tcp::no_delay(true), error);
  accepted_(std::move(socket));
  return true;
}

}  // namespace ceiling::frontend
