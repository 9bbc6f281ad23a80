#include "workload/frontend/peer_threads.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <set>
#include <system_error>
#include <utility>

#include "cgroups/descriptor.h"
#include "workload/frontend/reserved_acceptor.h"
#include "workload/protocol/connection.h"
#include "workload/protocol/routes.h"

namespace ceiling::frontend {
namespace {

constexpr auto kReconnectDelay = std::chrono::milliseconds(100);

Descriptor make_socket() {
  const std::lock_guard lock(descriptor_table());
  Descriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!made) throw std::system_error(errno, std::generic_category(), "socket");
  const int one = 1;
  ::setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return made;
}

/// Blocking, because the thread has nothing else to do. A socket that was connected before is
/// dissolved and used again (connect(2), AF_UNSPEC): there may be no descriptor for another.
void connect_to(int socket, const std::string& address) {
  const sockaddr none{.sa_family = AF_UNSPEC, .sa_data = {}};
  ::connect(socket, &none, sizeof none);
  const auto endpoint = wire::endpoint_of(address);
  if (::connect(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
    throw std::system_error(errno, std::generic_category(), "connect to " + address);
  }
}

}  // namespace

/// One connection to another frontend and the thread that serves it.
struct PeerThreads::Peer {
  wire::Member member;
  std::uint32_t part = 0;
  std::uint32_t parts = 0;
  Descriptor socket;
  std::thread thread;

  std::mutex mutex;  // guards what follows
  std::condition_variable ended;
  bool ending = false;

  void end() {
    {
      const std::lock_guard lock(mutex);
      ending = true;
      ::shutdown(socket.get(), SHUT_RDWR);  // what the thread is blocked on
    }
    ended.notify_all();
    thread.join();
  }
};

PeerThreads::PeerThreads(wire::Hello hello, Hooks hooks)
    : hello_(std::move(hello)), hooks_(std::move(hooks)) {}

PeerThreads::~PeerThreads() {
  stop();
}

void PeerThreads::start() {
  creator_ = std::thread(&PeerThreads::create_all, this);
}

void PeerThreads::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (creator_.joinable()) creator_.join();
}

void PeerThreads::want(std::uint64_t version, std::vector<wire::Member> peers,
                       std::uint32_t parts) {
  {
    const std::lock_guard lock(mutex_);
    version_ = version;
    wanted_ = std::move(peers);
    parts_ = parts;
    news_ = true;
  }
  changed_.notify_all();
}

void PeerThreads::create_all() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return news_ || stopping_; });
    if (stopping_) break;
    news_ = false;
    const std::uint64_t version = version_;
    const std::vector<wire::Member> wanted = wanted_;
    const std::uint32_t parts = parts_;
    lock.unlock();

    end_others(wanted);
    bool refused = false;
    for (const wire::Member& member : wanted) {
      for (std::uint32_t part = 0; part < parts; ++part) {
        try {
          // After a refused thread too: that peer still wants our slice.
          if (!places_.contains({member.name(), part})) hooks_.add_place();
          places_.emplace(member.name(), part);
          if (!refused) create(member, part, parts);
        } catch (const std::system_error& refusal) {
          if (!std::exchange(refused, true)) report(refusal, version, member, part, parts);
        }
      }
    }
    if (!refused) hooks_.made(version);
  }
  end_others({});
}

void PeerThreads::create(const wire::Member& member, std::uint32_t part, std::uint32_t parts) {
  const Key key(member.name(), part);
  if (peers_.contains(key)) return;
  auto peer = std::make_unique<Peer>();
  peer->member = member;
  peer->part = part;
  peer->parts = parts;
  peer->socket = make_socket();
  peer->thread = std::thread(&PeerThreads::serve, this, std::ref(*peer));
  peers_.emplace(key, std::move(peer));
}

void PeerThreads::report(const std::system_error& refusal, std::uint64_t version,
                         const wire::Member& member, std::uint32_t part, std::uint32_t parts) {
  wire::Refusal report;
  report.set_error(refusal.code().value());
  if (hooks_.probe) {
    report.set_probed(true);
    report.set_probe_error(hooks_.probe());
  }
  report.set_tasks(hooks_.count_tasks());
  report.set_version(version);
  report.set_phase("build");
  report.set_creating(fmt::format("{}, connection {} of {}", member.name(), part + 1, parts));
  report.set_count(++refusals_);
  hooks_.refused(std::move(report));
}

void PeerThreads::end_others(const std::vector<wire::Member>& peers) {
  std::map<std::string_view, std::string_view> keep;
  for (const wire::Member& member : peers) keep[member.name()] = member.peer_address();
  std::erase_if(peers_, [&](auto& entry) {
    const auto kept = keep.find(entry.first.first);
    if (kept != keep.end() && kept->second == entry.second->member.peer_address()) return false;
    entry.second->end();
    return true;
  });
  std::erase_if(places_, [&](const Key& key) {
    if (keep.contains(key.first)) return false;
    hooks_.remove_place();
    return true;
  });
}

void PeerThreads::serve(Peer& peer) {
  for (;;) {
    try {
      talk(peer);
    } catch (const std::exception& problem) {
      hooks_.log(fmt::format("{}: {}", peer.member.name(), problem.what()));
    }
    std::unique_lock lock(peer.mutex);
    if (peer.ended.wait_for(lock, kReconnectDelay, [&] { return peer.ending; })) return;
  }
}

void PeerThreads::talk(Peer& peer) {
  const int socket = peer.socket.get();
  connect_to(socket, peer.member.peer_address());
  {
    const std::lock_guard lock(peer.mutex);
    if (peer.ending) return;
  }
  struct Leave {
    int socket;
    ~Leave() { ::shutdown(socket, SHUT_RDWR); }
  };
  const Leave leave{socket};
  wire::Envelope envelope;
  *envelope.mutable_hello() = hello_;
  envelope.mutable_hello()->set_part(peer.part);
  envelope.mutable_hello()->set_parts(peer.parts);
  wire::send_frame(socket, wire::encode(envelope));

  for (;;) {
    envelope = wire::receive(socket);
    if (envelope.message_case() == wire::Envelope::MESSAGE_NOT_SET) return;
    if (envelope.has_rejected())
      throw wire::ProtocolError("rejected: " + envelope.rejected().reason());
    if (!envelope.has_slice()) throw wire::ProtocolError("expected a slice");
    const wire::Slice& slice = envelope.slice();
    if (slice.sender() != peer.member.name() || slice.part() != peer.part) {
      throw wire::ProtocolError(fmt::format("a slice of {} part {}", slice.sender(), slice.part()));
    }
    if (slice.checksum() != wire::checksum(slice)) {
      throw wire::ProtocolError("a slice whose checksum is wrong");
    }
    hooks_.slice(std::move(*envelope.mutable_slice()));
  }
}

}  // namespace ceiling::frontend
