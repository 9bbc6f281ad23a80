#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workload/frontend/kinesis/service.h"
#include "workload/protocol/accounts.h"

namespace ceiling::frontend::kinesis {

inline constexpr std::string_view kToken = "token of the run";
inline constexpr std::string_view kOtherAccount = "000000000002";
/// 2026-01-02T03:04:05.678Z, when streams were created and records arrived.
inline constexpr std::uint64_t kThenMs = 1767323045678;

/// A Service with a map and backends that are a function, and without a network. Stream "orders"
/// has 3 shards, at the backends b0, b1 and b2; account kOtherAccount has "theirs", 1 shard at b0.
class FakeFleet {
 public:
  struct Call {
    std::string backend;
    wire::Envelope request;
    Service::Done done;
  };
  using ShardAt = std::pair<int, std::string>;
  using Answered = std::shared_ptr<std::optional<HttpResponse>>;

  FakeFleet();

  /// At first all shards in epoch 7.
  void publish(std::uint64_t epoch);
  /// These of "orders" only.
  void publish(std::uint64_t epoch, const std::vector<ShardAt>& shards);

  /// Signed by `account`, with the secret that it has in the run with `token`.
  HttpRequest request(std::string_view operation, std::string body, Format format = Format::json,
                      std::string_view account = kFleetAccount,
                      std::string_view token = kToken) const;
  /// Holds nothing until it is answered.
  Answered send(const HttpRequest& request);
  Answered send(std::string_view operation, const Document& body,
                std::string_view account = kFleetAccount);
  /// The answer to what is answered at once, with 200.
  Document good(std::string_view operation, const Document& body,
                std::string_view account = kFleetAccount);
  /// error_in() the answer to what is answered at once.
  std::string bad(std::string_view operation, const Document& body,
                  std::string_view account = kFleetAccount);

  boost::asio::io_context loop;
  PublishedMap map;
  std::vector<Call> calls;                   ///< so far
  std::function<void(const Call&)> backend;  ///< answers stored(), unless a test has it otherwise
  std::vector<wire::Change> changes;         ///< asked of membership so far
  wire::ChangeDone change_done;              ///< what it answers
  Service service;
};

/// A put is given sequence number 42; a get finds the records 42 and 43, and that there are more.
wire::Envelope stored(const FakeFleet::Call& call);
wire::Envelope refused(const FakeFleet::Call& call, wire::Result result);

/// "400 Type: message"
std::string error_in(const HttpResponse& response);

}  // namespace ceiling::frontend::kinesis
