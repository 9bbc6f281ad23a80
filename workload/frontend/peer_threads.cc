#include "workload/frontend/peer_threads.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>
#include <utility>

#include "workload/frontend/peer_slice.h"
#include "workload/protocol/connection.h"

namespace ceiling::frontend {
namespace {

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

PeerThreads::PeerThreads(wire::Hello hello, Hooks hooks, std::optional<std::uint32_t> budget)
    : hello_(std::move(hello)), hooks_(std::move(hooks)), budget_(budget) {}

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
          if (!refused) connect(member, part, parts);
        } catch (const std::system_error& refusal) {
          if (!std::exchange(refused, true)) report(refusal, version, member, part, parts);
        }
      }
    }
    if (!refused) hooks_.made(version);
  }
  end_others({});
}

bool PeerThreads::room_for(const wire::Member& member, std::uint32_t parts) const {
  if (!budget_ || peers_.contains({member.name(), 0})) return true;
  return peers_.size() + parts <= *budget_;
}

void PeerThreads::connect(const wire::Member& member, std::uint32_t part, std::uint32_t parts) {
  const Key key(member.name(), part);
  if (peers_.contains(key)) return;
  if (part == 0 ? !room_for(member, parts) : !peers_.contains({member.name(), 0})) {
    if (on_loop_.contains(key)) return;
    hooks_.on_loop(member, part, parts, make_peer_socket());
    on_loop_.emplace(key, member.peer_address());
    return;
  }
  create(member, part, parts);
}

void PeerThreads::create(const wire::Member& member, std::uint32_t part, std::uint32_t parts) {
  // It may have been on the loop for want of a thread.
  if (part == 0 && on_loop_.contains({member.name(), 0})) leave_loop(member.name());
  auto peer = std::make_unique<Peer>();
  peer->member = member;
  peer->part = part;
  peer->parts = parts;
  peer->socket = make_peer_socket();
  peer->thread = std::thread(&PeerThreads::serve, this, std::ref(*peer));
  peers_.emplace(Key(member.name(), part), std::move(peer));
}

void PeerThreads::leave_loop(const std::string& name) {
  std::erase_if(on_loop_, [&name](const auto& entry) { return entry.first.first == name; });
  hooks_.off_loop(name);
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
  std::set<std::string> left;
  for (const auto& [key, address] : on_loop_) {
    const auto kept = keep.find(key.first);
    if (kept == keep.end() || kept->second != address) left.insert(key.first);
  }
  for (const std::string& name : left) leave_loop(name);
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
  wire::send_frame(socket, wire::encode(hello_for(hello_, peer.part, peer.parts)));
  for (;;) {
    wire::Envelope envelope = wire::receive(socket);
    if (envelope.message_case() == wire::Envelope::MESSAGE_NOT_SET) return;
    hooks_.slice(slice_in(std::move(envelope), peer.member, peer.part));
  }
}

}  // namespace ceiling::frontend
