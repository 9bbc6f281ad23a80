#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "messages.pb.h"
#include "workload/client/kinesis_json.h"
#include "workload/client/operation_log.h"
#include "workload/client/shard_keys.h"
#include "workload/protocol/http_channel.h"

namespace ceiling {

/// What every operation needs. Must live for as long as the event loop runs.
struct Traffic {
  KinesisRequests requests;
  ShardKeys keys;
  OperationLog log;
};

/// A frontend that records go through. Sweeps and canaries have a connection each, so that neither
/// waits for the other.
struct Target {
  wire::Member member;
  std::shared_ptr<HttpChannel> canary;
  std::shared_ptr<HttpChannel> sweep;
  bool canary_under_way = false;
};

enum class PairResult {
  routable,    ///< stored in its shard, and the same frontend gave that very record back
  unroutable,  ///< anything else
  no_answer    ///< unroutable because an answer took longer than the timeout
};

/// Puts a fresh record into `traffic.keys.shards()[shard]` and reads it back, both through `via`.
/// `done` is called once, never from within this call.
void put_and_read_back(Traffic& traffic, std::shared_ptr<Target> target,
                       std::shared_ptr<HttpChannel> via, std::size_t shard,
                       std::function<void(PairResult)> done);

}  // namespace ceiling
