#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "cgroups/descriptor.h"
#include "workload/protocol/wire.h"

namespace ceiling::frontend {

/// One real thread for each connection to another frontend, `parts` of them a peer, as in the
/// outage; with a budget, only for as many peers as it has threads for, and all others are handed
/// to the event loop. Each connects, says hello and hands over the slices that its peer announces.
/// One creator thread makes them all, so that creations never race within a process. It takes what
/// a connection needs in this order, and reports whatever is refused: a place for the one that the
/// peer opens to us, a socket for ours (EMFILE or ENFILE, socket(2)), the thread (EAGAIN,
/// pthread_create(3)).
class PeerThreads {
 public:
  struct Hooks {
    /// A slice arrived; called on a peer thread.
    std::function<void(wire::Slice)> slice;
    /// Room for a connection that a peer opens to us, and no longer; called on the creator thread.
    /// add_place may throw std::system_error.
    std::function<void()> add_place;
    std::function<void()> remove_place;
    /// A connection that no thread is to serve, with its socket, and the end of all of a peer's;
    /// called on the creator thread. Not needed without a budget.
    std::function<void(const wire::Member&, std::uint32_t part, std::uint32_t parts, Descriptor)>
        on_loop;
    std::function<void(const std::string& name)> off_loop;
    /// The kernel refused a thread or its descriptors: nothing more is created for this version,
    /// what exists stays. Called on the creator thread.
    std::function<void(wire::Refusal)> refused;
    /// All threads for `version` are there; called on the creator thread.
    std::function<void(std::uint64_t version)> made;
    /// Tasks of this process; called on the creator thread, right after a refusal.
    std::function<std::uint32_t()> count_tasks;
    /// What the kernel says to one more task right after a refusal: 0 or errno; empty: not asked.
    std::function<int()> probe;
    /// A line for the log; called on any of them.
    std::function<void(std::string)> log;
  };

  /// `budget`: threads for peers, at most; a peer gets all of its threads or none.
  PeerThreads(wire::Hello hello, Hooks hooks, std::optional<std::uint32_t> budget = std::nullopt);
  ~PeerThreads();

  /// Starts the creator thread. Throws std::system_error when it is refused.
  void start();
  /// From now on there is to be a connection for every part of every one of `peers`, and no other.
  /// Returns at once. A version that follows a refusal tries again.
  void want(std::uint64_t version, std::vector<wire::Member> peers, std::uint32_t parts);
  void stop();

 private:
  struct Peer;
  using Key = std::pair<std::string, std::uint32_t>;  // name, part

  void create_all();
  bool room_for(const wire::Member& member, std::uint32_t parts) const;
  void connect(const wire::Member& member, std::uint32_t part, std::uint32_t parts);
  void create(const wire::Member& member, std::uint32_t part, std::uint32_t parts);
  void leave_loop(const std::string& name);
  void report(const std::system_error& refusal, std::uint64_t version, const wire::Member& member,
              std::uint32_t part, std::uint32_t parts);
  void end_others(const std::vector<wire::Member>& peers);
  void serve(Peer& peer);
  void talk(Peer& peer);

  wire::Hello hello_;
  Hooks hooks_;
  std::optional<std::uint32_t> budget_;
  std::thread creator_;
  std::map<Key, std::unique_ptr<Peer>> peers_;  // the creator's own, as what follows
  std::map<Key, std::string> on_loop_;          // with the address of the peer
  std::set<Key> places_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::uint64_t version_ = 0;
  std::vector<wire::Member> wanted_;
  std::uint32_t parts_ = 0;
  bool news_ = false;
  bool stopping_ = false;
  std::uint32_t refusals_ = 0;
};

}  // namespace ceiling::frontend
