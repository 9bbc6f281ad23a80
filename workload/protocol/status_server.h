#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "workload/protocol/connection.h"

namespace ceiling::wire {

/// The status endpoint of a process: a UNIX stream socket on which anyone may send StatusRequest
/// and reads Status. Lives on the process's own event loop, no thread.
class StatusServer {
 public:
  /// `where`: "fd:N" an inherited listening socket, "@name" in the abstract namespace, else a path
  /// that is created. `snapshot` fills in all but pid and threads. Throws std::system_error or
  /// std::invalid_argument.
  StatusServer(boost::asio::any_io_executor executor, const std::string& where,
               std::function<Status()> snapshot);

  /// Sends the present status to all watchers. `published`, with its routes, stands in for the map
  /// of the snapshot, so that no published map goes unseen however fast the next one follows.
  void changed(const PublishedMap* published = nullptr);

  std::uint64_t protocol_errors() const { return protocol_errors_; }

 private:
  void accept();
  void serve(Connection::Socket socket);
  Status now() const;

  boost::asio::local::stream_protocol::acceptor acceptor_;
  boost::asio::steady_timer pause_;  ///< after an error of the acceptor
  std::function<Status()> snapshot_;
  std::vector<std::shared_ptr<Connection>> watchers_;
  std::uint64_t protocol_errors_ = 0;
};

}  // namespace ceiling::wire
