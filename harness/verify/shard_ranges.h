#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/verify/arm_log.h"
#include "workload/protocol/hash_key.h"

namespace ceiling {

/// Which keys belong into which shard: even shares of the experiment's streams, and of streams that
/// clients made what the history says of each shard. A shard has one range for all its life; splits
/// and merges make new ones.
class ShardRanges {
 public:
  ShardRanges(const Experiment& experiment, const ArmLog& log);

  /// Why what was put does not belong where it was stored; empty where it does.
  std::string misplaced(const OpEvent& put) const;
  /// A client made this stream.
  bool made(const std::string& stream) const { return made_.contains(stream); }
  /// What of the clients' shards the history does not have; empty where it has all.
  const std::string& missing() const { return missing_; }
  /// What is wrong with the clients' shards: the open ones of a stream have to tile the hash space,
  /// and each has to lie within those that it was split or merged from. Empty: nothing.
  std::string problem() const;

 private:
  struct Shard {
    HashRange range;
    const ShardEvent* event = nullptr;
  };
  using Shards = std::map<std::int64_t, Shard>;  // by number
  static std::string problem_of(const std::string& stream, const Shards& shards);

  std::map<std::string, int> even_;
  std::map<std::string, Shards> made_;
  std::string missing_;
};

}  // namespace ceiling
