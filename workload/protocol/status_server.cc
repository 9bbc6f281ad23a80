#include "workload/protocol/status_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <stdexcept>

#include "workload/protocol/process.h"

namespace ceiling::wire {
namespace {

using Local = boost::asio::local::stream_protocol;

int inherited(const std::string& where) {
  int fd = -1;
  const char* end = where.data() + where.size();
  const auto parsed = std::from_chars(where.data() + 3, end, fd);
  if (parsed.ec != std::errc{} || parsed.ptr != end) {
    throw std::invalid_argument(fmt::format("\"{}\": expected fd:N, @name or a path", where));
  }
  return fd;
}

Local::acceptor open_acceptor(boost::asio::any_io_executor executor, const std::string& where) {
  if (where.starts_with("fd:")) return {executor, Local(), inherited(where)};
  std::string name = where;
  if (name.starts_with("@")) name[0] = '\0';
  return {executor, Local::endpoint(name)};
}

}  // namespace

StatusServer::StatusServer(boost::asio::any_io_executor executor, const std::string& where,
                           std::function<Status()> snapshot)
    : acceptor_(open_acceptor(executor, where)), pause_(executor), snapshot_(std::move(snapshot)) {
  accept();
}

Status StatusServer::now() const {
  Status status = snapshot_();
  status.set_pid(static_cast<std::uint32_t>(::getpid()));
  status.set_threads(own_tasks());
  status.set_protocol_errors(status.protocol_errors() + protocol_errors_);
  return status;
}

void StatusServer::changed(const PublishedMap* published) {
  std::erase_if(watchers_, [](const auto& watcher) { return !watcher->open(); });
  if (watchers_.empty()) return;
  Envelope envelope;
  *envelope.mutable_status() = now();
  if (published != nullptr) *envelope.mutable_status()->mutable_map() = *published;
  const std::string frame = encode(envelope);
  for (const auto& watcher : watchers_) watcher->send_frame(frame);
}

void StatusServer::accept() {
  acceptor_.async_accept([this](boost::system::error_code error, Local::socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) {
      serve(std::move(socket));
      return accept();
    }
    // As accept_all() has it: without descriptors, asking again at once would only burn the CPU.
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](boost::system::error_code cancelled) {
      if (!cancelled) accept();
    });
  });
}

void StatusServer::serve(Connection::Socket socket) {
  auto connection = std::make_shared<Connection>(std::move(socket));
  connection->start(
      [this, weak = std::weak_ptr(connection)](const Envelope& message) {
        if (!message.has_status_request()) throw ProtocolError("expected a status request");
        const auto asker = weak.lock();
        if (!asker) return;
        Envelope answer;
        *answer.mutable_status() = now();
        asker->send(answer);
        if (message.status_request().watch()) watchers_.push_back(asker);
      },
      [this](std::string_view reason) {
        if (reason.empty()) return;
        ++protocol_errors_;
        log_line("status", fmt::format("connection closed: {}", reason));
      });
}

}  // namespace ceiling::wire
