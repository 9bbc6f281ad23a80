#include "workload/frontend/loop_peers.h"

#include <fmt/format.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <system_error>

#include "workload/frontend/peer_slice.h"

namespace ceiling::frontend {

using boost::asio::ip::tcp;
using boost::system::error_code;
using Socket = wire::Connection::Socket;

void LoopPeers::Peer::end() {
  ended = true;
  if (connection) connection->close();
  if (pause) pause->cancel();
}

void LoopPeers::add(const wire::Member& member, std::uint32_t part, std::uint32_t parts,
                    Descriptor socket) {
  std::shared_ptr<Peer>& peer = peers_[{member.name(), part}];
  if (peer) peer->end();
  peer = std::make_shared<Peer>();
  peer->member = member;
  peer->part = part;
  peer->parts = parts;
  connect(peer, std::move(socket));
}

void LoopPeers::remove(const std::string& name) {
  std::erase_if(peers_, [&name](auto& entry) {
    if (entry.first.first != name) return false;
    entry.second->end();
    return true;
  });
}

void LoopPeers::connect(const std::shared_ptr<Peer>& peer, Descriptor socket) {
  const auto connecting = std::make_shared<Socket>(
      executor_, boost::asio::generic::stream_protocol(tcp::v4()), socket.release());
  connecting->async_connect(
      wire::endpoint_of(peer->member.peer_address()), [this, peer, connecting](error_code error) {
        if (peer->ended) return;
        if (error) {
          connecting->close(error);
          return connect_again(peer, error.message());
        }
        peer->connection = std::make_shared<wire::Connection>(std::move(*connecting));
        talk(peer);
      });
}

void LoopPeers::talk(const std::shared_ptr<Peer>& peer) {
  peer->connection->start(
      [this, peer](wire::Envelope message) {
        if (!peer->ended) hooks_.slice(slice_in(std::move(message), peer->member, peer->part));
      },
      [this, peer](std::string_view why) {
        peer->connection.reset();
        if (!peer->ended) connect_again(peer, why);
      });
  peer->connection->send(hello_for(hello_, peer->part, peer->parts));
}

void LoopPeers::connect_again(const std::shared_ptr<Peer>& peer, std::string_view why) {
  if (!why.empty()) hooks_.log(fmt::format("{}: {}", peer->member.name(), why));
  peer->pause = std::make_shared<boost::asio::steady_timer>(executor_, kReconnectDelay);
  peer->pause->async_wait([this, peer](error_code) {
    if (peer->ended) return;
    try {
      connect(peer, make_peer_socket());
    } catch (const std::system_error& refused) {
      connect_again(peer, refused.what());
    }
  });
}

}  // namespace ceiling::frontend
