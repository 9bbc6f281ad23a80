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
  const HttpLimits& limits = service_->limits;
  auto found = longest(&HttpConnection::idle_since, limits.quiet_time);
  if (!found) found = longest(&HttpConnection::slow_since, limits.slow_time);
  if (!found) return false;
  found->leave();
  return true;
}

std::shared_ptr<HttpConnection> HttpListener::longest(Since since, Clock::duration least) const {
  auto earliest = Clock::now() - least;
  std::shared_ptr<HttpConnection> found;
  for (const auto& connection : connections_) {
    const auto its = ((*connection).*since)();
    if (!its || *its > earliest) continue;
    earliest = *its;
    found = connection;
  }
  return found;
}

}  // namespace ceiling::frontend
