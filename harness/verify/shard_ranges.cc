#include "harness/verify/shard_ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ceiling {

ShardRanges::ShardRanges(const Experiment& experiment, const ArmLog& log) {
  for (const StreamPlan& stream : experiment.streams) even_[stream.name] = stream.shards;
  for (const ShardEvent* event : log.shards) {
    const auto first = hash_key_of_decimal(event->first);
    const auto last = hash_key_of_decimal(event->last);
    if (!first || !last) {
      missing_ =
          fmt::format("the hash range of shard {} of stream {}", event->shard, event->stream);
      continue;
    }
    made_[event->stream][event->shard] = {{*first, *last}, event};
  }
  const auto counted = log.audit ? log.audit->shards.value_or(0) : -1;
  if (counted >= 0 && !std::cmp_equal(counted, log.shards.size()))
    missing_ = fmt::format("the audit counted {} shards that clients made, the history lists {}",
                           counted, log.shards.size());
  const bool clients = std::any_of(log.ops.begin(), log.ops.end(),
                                   [](const OpLog& one) { return !one.op->client.empty(); });
  if (counted < 0 && clients) missing_ = "the shards that clients made were not listed";
}

std::string ShardRanges::misplaced(const OpEvent& put) const {
  HashRange range;
  if (const auto even = even_.find(put.stream); even != even_.end()) {
    if (put.shard < 0 || put.shard >= even->second)
      return fmt::format("the stream has {} shards", even->second);
    range = shard_range(put.shard, even->second);
  } else {
    const auto shards = made_.find(put.stream);
    if (shards == made_.end()) return "there is no such stream";
    const auto found = shards->second.find(put.shard);
    if (found == shards->second.end()) return "the stream has no such shard";
    range = found->second.range;
  }
  const auto given = hash_key_of_decimal(put.hash_key);
  return range.contains(given ? *given : hash_key(put.key)) ? ""
                                                            : "the key belongs to another shard";
}

std::string ShardRanges::problem() const {
  for (const auto& [stream, shards] : made_) {
    if (std::string wrong = problem_of(stream, shards); !wrong.empty()) return wrong;
  }
  return "";
}

std::string ShardRanges::problem_of(const std::string& stream, const Shards& shards) {
  std::vector<HashRange> open;
  for (const auto& [number, shard] : shards) {
    if (!shard.event->closed) open.push_back(shard.range);
    const std::vector<std::int64_t>& parents = shard.event->parents;
    if (parents.empty()) continue;
    HashRange whole{~HashKey{0}, 0};
    for (const std::int64_t parent : parents) {
      const auto found = shards.find(parent);
      if (found == shards.end()) continue;
      whole.first = std::min(whole.first, found->second.range.first);
      whole.last = std::max(whole.last, found->second.range.last);
    }
    if (shard.range.first < whole.first || shard.range.last > whole.last)
      return fmt::format("stream {}: shard {} does not lie within its parents", stream, number);
  }
  std::sort(open.begin(), open.end(),
            [](const HashRange& a, const HashRange& b) { return a.first < b.first; });
  HashKey next = 0;  // what no shard before has; 0 again behind the last key
  const auto broken = [&] {
    return fmt::format("stream {}: its open shards do not tile the hash space at {}", stream,
                       to_decimal(next));
  };
  for (const HashRange& range : open) {
    const bool over = next == 0 && &range != &open.front();
    if (over || range.first != next || range.last < range.first) return broken();
    next = range.last + 1;
  }
  return next == 0 && !open.empty() ? "" : broken();
}

}  // namespace ceiling
