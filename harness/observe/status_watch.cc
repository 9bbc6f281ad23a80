#include "harness/observe/status_watch.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <system_error>

namespace ceiling {

using Local = boost::asio::local::stream_protocol;

Descriptor listen_for_status(const std::string& abstract_name) {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (abstract_name.size() + 1 > sizeof address.sun_path) {
    throw std::invalid_argument("status socket name too long: " + abstract_name);
  }
  std::copy(abstract_name.begin(), abstract_name.end(), address.sun_path + 1);
  const auto length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + abstract_name.size());
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      ::listen(socket.get(), 16) != 0) {
    throw std::system_error(errno, std::generic_category(), "status socket " + abstract_name);
  }
  return socket;
}

StatusWatch::StatusWatch(boost::asio::any_io_executor executor, const std::string& abstract_name,
                         std::function<void(const wire::Status&)> on_status)
    : gone_(std::make_shared<bool>(false)) {
  Local::socket socket(executor);
  socket.connect(Local::endpoint('\0' + abstract_name));
  connection_ = std::make_shared<wire::Connection>(std::move(socket));
  connection_->start(
      [on_status = std::move(on_status), gone = gone_](const wire::Envelope& message) {
        if (!message.has_status()) throw wire::ProtocolError("expected a status");
        if (!*gone) on_status(message.status());
      },
      [](std::string_view) {});  // that the process ended is learnt from the launcher
  wire::Envelope request;
  request.mutable_status_request()->set_watch(true);
  connection_->send(request);
}

StatusWatch::~StatusWatch() {
  if (!connection_) return;
  *gone_ = true;
  connection_->close();
}

}  // namespace ceiling
