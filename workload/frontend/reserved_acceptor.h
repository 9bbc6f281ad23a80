#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "cgroups/descriptor.h"

namespace ceiling::frontend {

/// Listens on a loopback port and accepts as many connections as it has places. The descriptor of
/// a place is taken with the place (dup(2)), not with the connection. So what the process has in
/// use does not depend on who has connected yet, and a lack of descriptors is met by whoever adds a
/// place, as EMFILE or ENFILE, instead of by whoever happens to come last. Without a free place a
/// connection waits in the kernel's queue.
class ReservedAcceptor {
 public:
  using Accepted = std::function<void(boost::asio::ip::tcp::socket)>;
  /// Closes one connection for another that waits; false when there is none to be closed.
  using MakeRoom = std::function<bool()>;

  /// `accepted` is called on `executor` with each connection, and close() or closed() is owed for
  /// it. `make_room`, when given, is asked there while a connection waits without a place, again
  /// after wire::kAcceptPause. `port` 0: the kernel chooses. Throws std::system_error when there
  /// are no descriptors for `places`, or the port is taken.
  ReservedAcceptor(const boost::asio::any_io_executor& executor, std::size_t places,
                   Accepted accepted, MakeRoom make_room = nullptr, std::uint16_t port = 0);

  std::string address() const;
  /// From any thread: one place more. Throws std::system_error, and nothing has changed.
  void add_place();
  /// From any thread: one less; it goes when its connection does.
  void remove_place();
  /// From any thread: lets go up to `most` descriptors of free places while `use` runs, which is
  /// told how many; nobody who takes one under descriptor_table() gets them.
  void lend(int most, const std::function<void(int)>& use);
  /// On `executor`: closes a connection that was accepted here; nobody else gets its descriptor.
  void close(boost::asio::ip::tcp::socket& socket);
  /// On `executor`: a connection that was accepted here has been closed by its owner.
  void closed();

 private:
  /// 0, or the errno of the refusal.
  int reserve();
  void free_place();
  bool full();
  bool somebody_waits();
  void wait();
  void accept_or_pause();
  bool accept_one();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  Accepted accepted_;
  MakeRoom make_room_;
  bool waiting_ = false;

  std::mutex mutex_;  // guards what follows
  std::size_t places_ = 0;
  std::size_t connections_ = 0;
  std::vector<Descriptor> reserved_;
};

/// Held while a reserved descriptor is let go for the connection that needs it, and by whoever
/// takes a descriptor from another thread: it must not be the one that was let go.
std::mutex& descriptor_table();

}  // namespace ceiling::frontend
