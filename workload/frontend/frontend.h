#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workload/frontend/http_server.h"
#include "workload/frontend/loop_peers.h"
#include "workload/frontend/map_builder.h"
#include "workload/frontend/owners.h"
#include "workload/frontend/peer_threads.h"
#include "workload/frontend/room_watch.h"
#include "workload/frontend/shard_map.h"
#include "workload/frontend/slice_server.h"
#include "workload/protocol/process.h"
#include "workload/protocol/status_server.h"

namespace ceiling::frontend {

struct Options {
  std::string name;
  std::string membership;  ///< address
  std::string status;      ///< as StatusServer has it
  std::string token;
  bool staged_build = false;
  bool authoritative_bootstrap = false;  ///< its first map is of membership and backends alone
  std::optional<std::uint32_t> thread_budget;  ///< as PeerThreads has it: multiplex
  bool cache_fleet = false;     ///< its maps come from cache servers; it has no peers
  bool admission = false;       ///< tells membership what room it has
  int alarm_percent = 0;        ///< as RoomWatch has it
  std::uint16_t http_port = 0;  ///< on loopback; 0: the kernel chooses
  bool probe = false;           ///< asks for one more task right after a refusal, see clone_probe.h
  /// What it says of its own tasks when it is refused; a test build says something else.
  std::function<std::uint32_t()> count_tasks = wire::own_tasks;
  /// What it says of the room under its limits; likewise.
  RoomWatch::Read read_rooms = own_rooms();
};

/// A frontend: what main() runs. On its event loop it follows membership and configuration, learns
/// from the backends what they own, announces its slice and builds its shard-map; the creator makes
/// the peer threads; the http thread serves clients. A refused thread, at its start or later,
/// leaves it alive.
class Frontend {
 public:
  explicit Frontend(Options options);
  /// Until SIGTERM or SIGINT, or until membership is gone. Returns the exit status.
  int run();

 private:
  /// The one source of a map that cache servers build, whichever of them hands it over first.
  inline static const std::pair<std::string, std::uint32_t> kOfCaches{"", 0};
  PeerThreads::Hooks peer_hooks();
  bool start_threads();
  void connect_to_membership();
  void receive(const wire::Envelope& message);
  void configure(const wire::Configuration& configuration);
  void learn(const wire::Ownership& ownership);
  void join();
  void follow(const wire::Members& members);
  /// Goes on to the newest version, when the backends have said what they own of it.
  void advance();
  void keep_to_cell();
  void change(wire::Change change, kinesis::Service::Changed done);
  std::vector<wire::Route> own_slice() const;
  wire::Slice slice_of(const std::vector<wire::Route>& routes) const;
  void announce();
  void refused(const wire::Refusal& refusal);
  /// All threads for the map of `version` are there.
  void made(std::uint64_t version);
  void read_room();
  std::optional<std::uint64_t> threads_to_come() const;
  void kept_out(const wire::NotAdmitted& why);
  void answer(const wire::HealthRequest& request);
  void removed(const wire::Removed& removed);
  // With cache servers, in cached.cc.
  void keep_to_caches();
  void placed(const wire::Place& place);
  void subscribe(const wire::CacheServer& server);
  void cached(wire::Slice map);
  void fail_without_source();
  /// Cache servers that have one for us.
  std::uint32_t places() const;
  wire::Status snapshot() const;
  void built(bool published);
  wire::Hello hello() const;
  /// From any thread: `task` runs on the event loop.
  void post(std::function<void()> task);
  std::function<void(std::string)> log() const;

  Options options_;
  boost::asio::io_context loop_{1};
  PublishedMap map_;
  RoomWatch rooms_;
  MapBuilder builder_;
  HttpServer http_;
  SliceServer slices_;
  wire::StatusServer status_;
  LoopPeers loop_peers_;
  LoopPeers caches_;  // the connections to cache servers that have a place for us
  PeerThreads peers_;

  std::shared_ptr<wire::Connection> membership_;
  std::optional<wire::Configuration> configuration_;  // the newest
  wire::Configuration current_;                       // of members_
  /// A version with the configuration that it came with, until it is followed.
  struct Next {
    wire::Members members;
    wire::Configuration configuration;
  };
  std::optional<Next> next_;
  std::uint64_t next_change_ = 1;
  std::map<std::uint64_t, kinesis::Service::Changed> changes_;  // asked of membership
  Owners owners_;
  wire::Members members_;  // of our cell
  std::uint32_t cell_ = 0;
  std::optional<wire::Refusal> refusal_;
  std::map<std::string, wire::Place> places_;  // what cache servers said of ours
  std::uint32_t places_refused_ = 0;
  std::optional<wire::NotAdmitted> not_admitted_;
  bool joined_ = false;
  int exit_status_ = 0;
};

}  // namespace ceiling::frontend
