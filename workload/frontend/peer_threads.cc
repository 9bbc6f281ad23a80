#include "workload/frontend/peer_threads.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <set>
#include <system_error>

#include "workload/protocol/connection.h"
#include "workload/protocol/routes.h"

namespace ceiling::frontend {
namespace {

constexpr auto kReconnectDelay = std::chrono::milliseconds(100);

/// Blocking, because the thread has nothing else to do.
int connect_to(const std::string& address) {
  const auto endpoint = wire::endpoint_of(address);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) throw std::system_error(errno, std::generic_category(), "socket");
  const int one = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
    const int error = errno;
    ::close(socket);
    throw std::system_error(error, std::generic_category(), "connect to " + address);
  }
  return socket;
}

}  // namespace

/// One connection to another frontend and the thread that serves it.
struct PeerThreads::Peer {
  wire::Member member;
  std::uint32_t part = 0;
  std::uint32_t parts = 0;
  std::thread thread;

  std::mutex mutex;  // guards what follows: the creator ends what the thread is blocked on
  std::condition_variable ended;
  int socket = -1;
  bool ending = false;

  void end() {
    {
      const std::lock_guard lock(mutex);
      ending = true;
      if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
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
      for (std::uint32_t part = 0; part < parts && !refused; ++part) {
        refused = !create(version, member, part, parts);
      }
    }
  }
  end_others({});
}

bool PeerThreads::create(std::uint64_t version, const wire::Member& member, std::uint32_t part,
                         std::uint32_t parts) {
  const Key key(member.name(), part);
  if (peers_.contains(key)) return true;
  auto peer = std::make_unique<Peer>();
  peer->member = member;
  peer->part = part;
  peer->parts = parts;
  try {
    peer->thread = std::thread(&PeerThreads::serve, this, std::ref(*peer));
  } catch (const std::system_error& refusal) {
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
    return false;
  }
  peers_.emplace(key, std::move(peer));
  return true;
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
  struct Open {
    Peer& peer;
    ~Open() {
      const std::lock_guard lock(peer.mutex);
      ::close(std::exchange(peer.socket, -1));
    }
  };
  const int socket = connect_to(peer.member.peer_address());
  {
    const std::lock_guard lock(peer.mutex);
    peer.socket = socket;
    if (peer.ending) ::shutdown(socket, SHUT_RDWR);
  }
  const Open open{peer};

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
