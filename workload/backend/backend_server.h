#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workload/backend/lease_table.h"
#include "workload/backend/membership_link.h"
#include "workload/backend/record_store.h"
#include "workload/backend/throttle.h"
#include "workload/protocol/connection.h"
#include "workload/protocol/status_server.h"

namespace ceiling {

struct BackendOptions {
  std::string name = "backend";
  std::string token;
  std::string membership;              ///< address
  std::string listen = "127.0.0.1:0";  ///< port 0: the kernel chooses
  std::string status;                  ///< as of StatusServer; empty: none
  std::filesystem::path data;          ///< a folder of its own, as of DataFolder
  std::uint64_t max_bytes = std::uint64_t{1} << 30;
  std::chrono::milliseconds retention = std::chrono::hours(24);
  RecordStore::Write write = RecordStore::write_to_disk;
};

/// The program's event loop: leases from membership, records from and to frontends and clients. One
/// thread of its own, which waits for the disk; puts that arrive meanwhile share the next sync.
class BackendServer {
 public:
  /// Listens from here on, and joins as soon as membership is there. Throws HostError of the
  /// folder, boost::system::system_error. So does the event loop, when the disk fails: what is
  /// under way is then never acknowledged.
  BackendServer(boost::asio::any_io_executor executor, BackendOptions options);

  std::string address() const { return address_; }

 private:
  struct Session {
    std::shared_ptr<wire::Connection> connection;
    std::string label;  ///< for the log: the address, from hello on the name
    bool greeted = false;
  };

  void accept(boost::asio::ip::tcp::socket socket);
  void handle(Session& session, wire::Envelope& message);
  void greet(Session& session, const wire::Hello& hello);
  void closed(wire::Connection* key, std::string_view reason);
  struct Waiting {
    std::shared_ptr<wire::Connection> connection;
    wire::Envelope answer;
  };
  struct Commit {
    RecordStore::Batch batch;
    std::vector<Waiting> waiting;
  };

  void put(const Session& session, wire::Put& put);
  bool accept_put(wire::Put& put, wire::PutDone& done);
  void commit();
  void commit_now();
  void committed(const Commit& commit, const std::exception_ptr& failure);
  void trim();
  wire::Envelope get(const wire::Get& get);

  void granted(const wire::Leases& leases, LeaseTable::Time from);
  /// Tells everyone what is owned now, when that is something else than before.
  void refresh();
  const wire::Lease* lease_of(const std::string& stream, std::uint32_t shard) const;
  void say_closed();
  wire::Status status() const;
  void log(const std::string& text) const;

  BackendOptions options_;
  RecordStore store_;
  LeaseTable leases_;
  Throttle throttle_;
  int commits_before_closed_ = 0;  // until what was put before the last grant is on disk
  boost::asio::ip::tcp::acceptor acceptor_;
  std::string address_;
  boost::asio::steady_timer expiry_;
  std::string ownership_;  // the frame as last announced
  std::uint64_t shards_owned_ = 0;
  std::map<wire::Connection*, Session> sessions_;
  std::uint64_t protocol_errors_ = 0;
  std::optional<wire::StatusServer> status_;
  std::optional<MembershipLink> membership_;
  std::vector<Waiting> waiting_;  // for the pending batch of the store
  bool committing_soon_ = false;
  bool committing_ = false;
  bool full_ = false;
  boost::asio::steady_timer trimming_;
  boost::asio::thread_pool committer_{1};  // joined first: it uses the store
};

}  // namespace ceiling
