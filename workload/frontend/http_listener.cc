#include "workload/frontend/http_listener.h"

#include <optional>
#include <utility>

namespace ceiling::frontend {

using boost::asio::ip::tcp;

HttpListener::HttpListener(const boost::asio::any_io_executor& executor, std::size_t places,
                           HttpHooks hooks, HttpLimits limits, std::uint16_t port)
    : service_(std::make_shared<HttpService>(std::move(hooks), limits)),
      acceptor_(
          executor, places, [this](tcp::socket socket) { serve(std::move(socket)); },
          [this] { return make_room(); }, port) {}

void HttpListener::serve(tcp::socket socket) {
  const auto close = [this](HttpConnection& connection, tcp::socket& its_socket) {
    acceptor_.close(its_socket);
    connections_.erase(connection.shared_from_this());
  };
  const auto connection = std::make_shared<HttpConnection>(std::move(socket), service_, close);
  connections_.insert(connection);
  connection->start();
}

bool HttpListener::make_room() {
  auto longest = HttpConnection::Clock::now() - service_->limits.quiet_time;
  std::shared_ptr<HttpConnection> idle;
  for (const auto& connection : connections_) {
    const auto since = connection->idle_since();
    if (!since || *since > longest) continue;
    longest = *since;
    idle = connection;
  }
  if (!idle) return false;
  idle->leave();
  return true;
}

}  // namespace ceiling::frontend
