#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workload/membership/admission.h"
#include "workload/membership/backend_directory.h"
#include "workload/membership/checks.h"
#include "workload/membership/health.h"
#include "workload/membership/member_list.h"
#include "workload/membership/stream_directory.h"
#include "workload/protocol/connection.h"
#include "workload/protocol/status_server.h"

namespace ceiling {

struct MembershipOptions {
  std::string name = "membership";
  std::string token;
  std::string listen = "127.0.0.1:0";  ///< port 0: the kernel chooses
  std::string status;                  ///< as of StatusServer; empty: none
  std::vector<wire::Stream> streams;   ///< of the fleet's account
  std::vector<std::string> accounts;   ///< further ones, by id
  std::uint32_t threads_per_peer = 1;
  std::size_t backends = 1;
  std::size_t bootstrap_expect = 1;
  std::chrono::milliseconds lease_ttl{5000};
  bool admission = false;
  std::uint32_t cells = 0;  ///< that the frontends are parted into; 0: none
  std::chrono::milliseconds report_patience{10'000};  ///< of a frontend that wants to be admitted
  std::chrono::milliseconds health_timeout{0};        ///< as HealthCheck has it
  wire::ShardLimits limits;  ///< of the streams that clients make; the experiment's have none
};

/// The program's event loop: connections in, member lists, configuration and leases out. No thread.
class MembershipServer {
 public:
  /// Listens from here on. Throws boost::system::system_error.
  MembershipServer(boost::asio::any_io_executor executor, MembershipOptions options);

  std::string address() const { return address_; }

 private:
  struct Session {
    std::shared_ptr<wire::Connection> connection;
    std::string label;  ///< for the log: the address, from hello on the name
    std::string name;
    wire::Role role = wire::ROLE_UNSPECIFIED;  ///< unspecified until hello
    bool joined = false;
  };
  /// A frontend that asked to join a fleet that there is, until all have said what room they have.
  struct Newcomer {
    std::shared_ptr<wire::Connection> connection;
    wire::Member member;
  };
  /// A split or a merge that a frontend waits for.
  struct Asked {
    std::weak_ptr<wire::Connection> by;
    std::uint64_t id = 0;
    std::string stream;  ///< id
  };
  using Wanted = std::function<bool(const Session&)>;

  void accept(boost::asio::ip::tcp::socket socket);
  void handle(Session& session, const wire::Envelope& message);
  void greet(Session& session, const wire::Hello& hello);
  void join(Session& session, const wire::Join& join);
  void join_backend(Session& session, const wire::Backend& backend);
  void join_frontend(Session& session, const wire::Member& member);
  void join_cache(Session& session, const wire::CacheServer& cache);
  void leave_cache(const Session& session, std::string_view why);
  /// A cache server says whether a frontend has a place; the frontend is told.
  void tell_place(const Session& session, const wire::Place& place);
  void caches_changed();
  void admit(Session& session, const wire::Member& member, std::uint32_t cell = 0);
  /// Lets newcomers in or keeps them out, in their order, as far as it can be told by now.
  void decide();
  void decide_first(bool out_of_patience);
  void let_in(const Newcomer& newcomer, std::uint32_t cell);
  void leave(Session& session, std::string_view why);
  /// Who of one role answers: one look after the other.
  struct Watch {
    wire::Role role;
    HealthCheck check;
    boost::asio::steady_timer timer;
  };
  void look_after(Watch& watch);
  Session* joined(wire::Role role, std::string_view name);
  void remove(Session& session, const HealthCheck::Silence& silence);
  void closed(wire::Connection* key, std::string_view reason);

  void change(const Session& session, const wire::Change& change);
  void closed_shards(const Session& session, const wire::ClosedShards& said);
  void answer_changes();
  /// Leases, configuration and a new version: what frontends build their maps from is another.
  void streams_changed(const std::string& why);
  void send_leases() const;
  void send_leases(const Session& session, std::uint64_t renewal = 0) const;
  void vend_members(const std::string& why);
  /// Encoded once, however many want it.
  void broadcast(const wire::Envelope& envelope, const Wanted& wanted) const;
  wire::Envelope configuration() const;
  wire::Envelope members() const;
  wire::Status status() const;
  void changed();
  void log(const std::string& text) const;

  MembershipOptions options_;
  MemberList members_;
  Admission admission_;
  std::list<Newcomer> newcomers_;
  boost::asio::steady_timer patience_;         // of the first of them
  const wire::Connection* awaited_ = nullptr;  // that first one
  Watch frontend_watch_;
  Watch cache_watch_;
  std::uint32_t removals_ = 0;
  std::deque<wire::Removal> removed_;  // the last of them
  StreamDirectory streams_;
  BackendDirectory backends_;
  std::map<std::string, wire::CacheServer, ByNumber> caches_;
  std::map<std::string, wire::Removal, ByNumber> silent_caches_;
  std::vector<Asked> asked_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::string address_;
  std::map<wire::Connection*, Session> sessions_;
  std::uint64_t protocol_errors_ = 0;
  std::optional<wire::StatusServer> status_;
};

}  // namespace ceiling
