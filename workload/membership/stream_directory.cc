#include "workload/membership/stream_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "workload/membership/checks.h"
#include "workload/protocol/accounts.h"
#include "workload/protocol/http_api.h"
#include "workload/protocol/routes.h"

namespace ceiling {
namespace {

std::string in_stream(const wire::Stream& stream) {
  return fmt::format("in stream {} under account {}", stream.name(), stream.account());
}

wire::Shard& open_shard(wire::Stream& stream, std::uint32_t number) {
  const std::string id = http_api::shard_id(static_cast<int>(number));
  for (wire::Shard& shard : *stream.mutable_made()) {
    if (shard.number() != number) continue;
    if (!shard.closed()) return shard;
    throw ChangeError{"InvalidArgumentException",
                      fmt::format("Shard {} {} has already been merged or split, and thus is not "
                                  "eligible for merging or splitting.",
                                  id, in_stream(stream))};
  }
  throw ChangeError{"ResourceNotFoundException",
                    fmt::format("Could not find shard {} {}.", id, in_stream(stream))};
}

HashRange whole_range(const wire::Shard& shard) {
  return wire::range_of(shard).value();
}

void number_shards(wire::Stream& stream, std::uint32_t& next_turn) {
  for (wire::Shard& shard : wire::shards_of(stream)) {
    shard.set_turn(next_turn++);
    *stream.add_made() = std::move(shard);
  }
}

}  // namespace

StreamDirectory::StreamDirectory(std::vector<wire::Stream> streams, std::uint64_t now_ms)
    : streams_(std::move(streams)), last_made_(now_ms) {
  for (wire::Stream& stream : streams_) {
    stream.set_account(std::string(kFleetAccount));
    stream.set_created_ms(now_ms);
    stream.set_id(stream.name());
    number_shards(stream, next_turn_);
  }
}

std::vector<wire::Stream>::iterator StreamDirectory::find(const std::string& account,
                                                          const std::string& name) {
  return std::find_if(streams_.begin(), streams_.end(), [&](const wire::Stream& stream) {
    return stream.account() == account && stream.name() == name;
  });
}

std::string StreamDirectory::id_of(const std::string& account, const std::string& name) {
  const auto stream = find(account, name);
  return stream == streams_.end() ? "" : stream->id();
}

std::size_t StreamDirectory::shards() const {
  std::size_t count = 0;
  for (const wire::Stream& stream : streams_) {
    count += static_cast<std::size_t>(stream.made_size());
  }
  return count;
}

void StreamDirectory::apply(const wire::Change& change, std::uint64_t now_ms) {
  check_stream_name(change.stream());
  if (change.account() != kFleetAccount) check_account(change.account());
  switch (change.what_case()) {
    case wire::Change::kCreate:
      return create(change, now_ms);
    case wire::Change::kRemove: {
      const std::string id = changeable(change).id();
      std::erase_if(pending_, [&](const Pending& pending) { return pending.stream == id; });
      streams_.erase(find(change.account(), change.stream()));
      return;
    }
    case wire::Change::kSplit:
      return split(active(change), change.split());
    case wire::Change::kMerge:
      return merge(active(change), change.merge());
    case wire::Change::WHAT_NOT_SET:
      break;
  }
  throw ChangeError{"InternalFailure", "a change that says nothing"};
}

wire::Stream& StreamDirectory::changeable(const wire::Change& change) {
  const auto stream = find(change.account(), change.stream());
  if (stream == streams_.end()) {
    throw ChangeError{
        "ResourceNotFoundException",
        fmt::format("Stream {} under account {} not found.", change.stream(), change.account())};
  }
  if (!stream->of_a_client()) {
    throw ChangeError{"ResourceInUseException",
                      fmt::format("Stream {} under account {} belongs to the experiment, which "
                                  "judges it: make one of your own to change it.",
                                  change.stream(), change.account())};
  }
  return *stream;
}

wire::Stream& StreamDirectory::active(const wire::Change& change) {
  wire::Stream& stream = changeable(change);
  if (stream.on_demand()) {
    throw ChangeError{"ValidationException",
                      fmt::format("Stream {} under account {} is in ON_DEMAND mode; only shards of "
                                  "one in PROVISIONED mode can be split or merged.",
                                  change.stream(), change.account())};
  }
  if (changing(stream.id())) {
    throw ChangeError{
        "ResourceInUseException",
        fmt::format("Stream {} under account {} not ACTIVE, instead in state UPDATING",
                    stream.name(), stream.account())};
  }
  return stream;
}

void StreamDirectory::create(const wire::Change& change, std::uint64_t now_ms) {
  const std::string& account = change.account();
  if (find(account, change.stream()) != streams_.end()) {
    throw ChangeError{
        "ResourceInUseException",
        fmt::format("Stream {} under account {} already exists.", change.stream(), account)};
  }
  const auto of_account =
      std::count_if(streams_.begin(), streams_.end(),
                    [&](const wire::Stream& stream) { return stream.account() == account; });
  const std::uint32_t wanted = change.create();
  if (static_cast<std::size_t>(of_account) >= kMostStreams || wanted == 0 || wanted > kMaxShards ||
      shards() + wanted > kMaxShards) {
    throw ChangeError{"LimitExceededException",
                      fmt::format("an account has at most {} streams, and all streams together {} "
                                  "shards; there are {} and {}",
                                  kMostStreams, kMaxShards, of_account, shards())};
  }
  wire::Stream& stream = streams_.emplace_back();
  stream.set_name(change.stream());
  stream.set_account(account);
  stream.set_created_ms(now_ms);
  stream.set_id(fmt::format("{}/{}/{}", account, change.stream(), ++last_made_));
  stream.set_of_a_client(true);
  stream.set_shards(wanted);
  stream.set_on_demand(change.on_demand());
  number_shards(stream, next_turn_);
}

void StreamDirectory::split(wire::Stream& stream, const wire::Split& split) {
  const wire::Shard& shard = open_shard(stream, split.shard());
  const HashRange range = whole_range(shard);
  const auto at = wire::key_of(split.at());
  // As the service has it: both halves have more than one key.
  if (!at || *at <= range.first + 1 || *at >= range.last) {
    throw ChangeError{
        "InvalidArgumentException",
        fmt::format("NewStartingHashKey {} used in SplitShard() on shard {} {} is not both greater "
                    "than one plus the shard's StartingHashKey {} and less than the shard's "
                    "EndingHashKey {}.",
                    at ? to_decimal(*at) : "", http_api::shard_id(static_cast<int>(split.shard())),
                    in_stream(stream), to_decimal(range.first), to_decimal(range.last))};
  }
  close(stream, {.stream = stream.id(),
                 .parents = {split.shard()},
                 .open = {},
                 .ranges = {{shard.first(), wire::bytes_of(*at - 1)}, {split.at(), shard.last()}}});
}

void StreamDirectory::merge(wire::Stream& stream, const wire::Merge& merge) {
  const wire::Shard* lower = &open_shard(stream, merge.shard());
  const wire::Shard* upper = &open_shard(stream, merge.other());
  if (whole_range(*lower).first > whole_range(*upper).first) std::swap(lower, upper);
  if (whole_range(*lower).last + 1 != whole_range(*upper).first || lower == upper) {
    throw ChangeError{
        "InvalidArgumentException",
        fmt::format("Shards {} and {} {} are not an adjacent pair of shards eligible "
                    "for merging",
                    http_api::shard_id(static_cast<int>(merge.shard())),
                    http_api::shard_id(static_cast<int>(merge.other())), in_stream(stream))};
  }
  close(stream, {.stream = stream.id(),
                 .parents = {merge.shard(), merge.other()},
                 .open = {},
                 .ranges = {{lower->first(), upper->last()}}});
}

void StreamDirectory::close(wire::Stream& stream, Pending pending) {
  if (shards() + pending.ranges.size() > kMaxShards) {
    throw ChangeError{"LimitExceededException",
                      fmt::format("all streams together have at most {} shards", kMaxShards)};
  }
  for (const std::uint32_t parent : pending.parents) {
    open_shard(stream, parent).set_closed(true);
  }
  pending.open = pending.parents;
  pending_.push_back(std::move(pending));
}

bool StreamDirectory::changing(const std::string& id) const {
  return std::any_of(pending_.begin(), pending_.end(),
                     [&](const Pending& pending) { return pending.stream == id; });
}

std::vector<wire::Stream> StreamDirectory::routed() const {
  std::vector<wire::Stream> streams = streams_;
  for (const Pending& pending : pending_) {
    const auto stream = std::find_if(streams.begin(), streams.end(), [&](const wire::Stream& one) {
      return one.id() == pending.stream;
    });
    for (const std::uint32_t parent : pending.parents) {
      stream->mutable_made(static_cast<int>(parent))->clear_closed();
      stream->mutable_made(static_cast<int>(parent))->clear_end();
    }
  }
  return streams;
}

bool StreamDirectory::replace_closed(const ShardName& closed, std::uint64_t end) {
  const auto pending = std::find_if(pending_.begin(), pending_.end(),
                                    [&](const Pending& one) { return one.stream == closed.first; });
  if (pending == pending_.end() || std::erase(pending->open, closed.second) == 0) return false;
  const auto stream = std::find_if(streams_.begin(), streams_.end(), [&](const wire::Stream& one) {
    return one.id() == pending->stream;
  });
  stream->mutable_made(static_cast<int>(closed.second))->set_end(end);
  if (!pending->open.empty()) return false;
  for (const auto& [first, last] : pending->ranges) {
    const auto number = static_cast<std::uint32_t>(stream->made_size());
    wire::Shard& child = *stream->add_made();
    child.set_number(number);
    child.set_first(first);
    child.set_last(last);
    child.mutable_parents()->Add(pending->parents.begin(), pending->parents.end());
    child.set_turn(next_turn_++);
  }
  pending_.erase(pending);
  return true;
}

}  // namespace ceiling
