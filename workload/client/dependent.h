#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workload/client/buffered_users.h"
#include "workload/client/frontend_pool.h"
#include "workload/client/json_server.h"
#include "workload/client/missing_data_alarm.h"
#include "workload/protocol/status_server.h"

namespace ceiling {

/// What depends on the stream, and how it copes when it is gone.
enum class DependentKind {
  blocking_buffer,   ///< a full buffer keeps its users waiting
  unbounded_buffer,  ///< keeps what it cannot put, however much
  drop_oldest,       ///< keeps the newest records
  missing_data,      ///< reads, and alarms when nothing comes
  status_page        ///< logs in at another dependent before it shows anything
};
std::string_view to_string(DependentKind kind);
std::optional<DependentKind> dependent_from(std::string_view name);
/// "blocking-buffer", ..., in the order above.
std::vector<std::string> dependent_names();

struct DependentOptions {
  DependentKind kind = DependentKind::blocking_buffer;
  std::string name = {};
  std::string membership = {};  ///< address; status_page has none
  std::string token = {};
  std::string status = {};       ///< where (status_server.h); empty: no status endpoint
  std::uint16_t port = 0;        ///< of its HTTP; 0: the kernel chooses
  int users_per_s = 0;           ///< of the kinds with a buffer
  std::size_t buffer = 0;        ///< records; of blocking_buffer and drop_oldest
  std::size_t record_bytes = 0;  ///< of the kinds with a buffer
  std::chrono::milliseconds missing_after{0};  ///< of missing_data
  std::string login = {};                      ///< of status_page: "127.0.0.1:PORT" of another

  /// A page of ten, in Base64, fits into an answer that clients take.
  static constexpr std::size_t kMostRecordBytes = 64 << 10;
};

/// One dependent on one event loop, with its HTTP on loopback:
///   GET /health   200, or 503 where it does not do its job, with {"kind", "ok", "reason",
///                 "buffered", "dropped", "since_s": seconds that ok has been so, as far as asked}
///   GET /login    of the kinds with a buffer: a user, whose record goes through it. 200 when it is
///                 in the buffer, 503 when too many wait.
/// A status page logs in for every request, and is not ok where that takes longer than
/// kLoginPatience.
class Dependent {
 public:
  /// As that of FrontendPool.
  using Ended = std::function<void(int)>;

  /// Throws std::invalid_argument for an address or a size, boost::system::system_error for a
  /// socket. Must outlive the running of `io`.
  Dependent(boost::asio::io_context& io, DependentOptions options, Ended ended);
  Dependent(const Dependent&) = delete;
  Dependent& operator=(const Dependent&) = delete;

  /// Of its HTTP.
  std::string address() const { return server_->address(); }

  static constexpr std::chrono::milliseconds kLoginPatience{1000};

 private:
  void serve(const std::string& what, JsonServer::Respond respond);
  void tell_health(const Health& health, const JsonServer::Respond& respond);
  void log_in(std::function<void(Health)> done);
  wire::Status status() const;

  boost::asio::io_context& io_;
  DependentOptions options_;
  std::optional<FrontendPool> frontends_;
  std::optional<BufferedUsers> users_;
  std::optional<MissingDataAlarm> alarm_;
  std::optional<JsonServer> server_;
  std::optional<wire::StatusServer> status_server_;
  std::optional<bool> was_ok_;
  std::chrono::steady_clock::time_point since_;
};

}  // namespace ceiling
