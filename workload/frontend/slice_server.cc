#include "workload/frontend/slice_server.h"

#include <fmt/format.h>

#include <utility>

#include "workload/protocol/routes.h"

namespace ceiling::frontend {
namespace {

/// For those who connect and are no peers, so that they are told.
constexpr std::size_t kStrangers = 8;

}  // namespace

SliceServer::SliceServer(const boost::asio::any_io_executor& executor, std::string token,
                         std::function<void(std::string)> log)
    : token_(std::move(token)),
      log_(std::move(log)),
      acceptor_(executor, kStrangers, [this](auto socket) { serve(std::move(socket)); }) {}

void SliceServer::serve(boost::asio::ip::tcp::socket socket) {
  auto connection = std::make_shared<wire::Connection>(std::move(socket));
  wire::start_listener(
      connection, [this](const auto& self, const auto& message) { welcome(self, message); },
      [this](std::string_view reason) {
        acceptor_.closed();
        std::erase_if(listeners_, [](const Listener& one) { return !one.connection->open(); });
        if (reason.empty()) return;
        ++protocol_errors_;
        log_(fmt::format("peer connection closed: {}", reason));
      });
}

void SliceServer::welcome(const std::shared_ptr<wire::Connection>& connection,
                          const wire::Envelope& message) {
  const wire::Hello& hello = wire::check_hello(message, token_);
  if (hello.role() != wire::ROLE_FRONTEND) throw wire::ProtocolError("expected a frontend");
  listeners_.push_back({connection, hello.part()});
  if (hello.part() < frames_.size()) connection->send_frame(frames_[hello.part()]);
}

void SliceServer::announce(std::uint64_t version, const std::string& sender,
                           const std::vector<wire::Route>& routes, std::uint32_t parts) {
  std::vector<wire::Envelope> envelopes(parts);
  for (std::uint32_t part = 0; part < parts; ++part) {
    wire::Slice& slice = *envelopes[part].mutable_slice();
    slice.set_version(version);
    slice.set_sender(sender);
    slice.set_part(part);
  }
  for (std::size_t i = 0; i < routes.size(); ++i) {
    *envelopes[i % parts].mutable_slice()->add_routes() = routes[i];
  }
  frames_.clear();
  for (wire::Envelope& envelope : envelopes) {
    envelope.mutable_slice()->set_checksum(wire::checksum(envelope.slice()));
    frames_.push_back(wire::encode(envelope));
  }
  std::erase_if(listeners_, [](const Listener& one) { return !one.connection->open(); });
  for (const Listener& listener : listeners_) {
    if (listener.part < parts) listener.connection->send_frame(frames_[listener.part]);
  }
}

}  // namespace ceiling::frontend
