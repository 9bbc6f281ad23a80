#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages.pb.h"

namespace ceiling {

/// Why a change is refused, as the API reference names it.
struct ChangeError {
  std::string type;
  std::string reason;
};

/// The streams of all accounts with their shards, and their changes. A shard that is split or
/// merged is closed first: only when its owner has said that it takes no more records are there
/// shards in its place (replace_closed()), so that every record of a key is older in the closed
/// one.
class StreamDirectory {
 public:
  static constexpr std::size_t kMostStreams = 100;  ///< of one account

  /// `streams` are the experiment's own: they are read and written, and stay as they are. Their
  /// account and id are those of the fleet.
  StreamDirectory(std::vector<wire::Stream> streams, std::uint64_t now_ms);

  /// Throws ChangeError, or wire::ProtocolError for names that no frontend lets through; then
  /// nothing has changed.
  void apply(const wire::Change& change, std::uint64_t now_ms);

  /// Id of a stream, number of a shard.
  using ShardName = std::pair<std::string, std::uint32_t>;
  /// The owner of `closed` takes no more records for it; its last one is before `end`. True when
  /// with that all is there for new shards, which are made.
  bool replace_closed(const ShardName& closed, std::uint64_t end);
  /// Whether a split or merge of this stream is under way.
  bool changing(const std::string& id) const;

  /// As owners have to see them: what is being split or merged is closed already.
  std::span<const wire::Stream> streams() const { return streams_; }
  /// As maps are built from them: it is open until others have taken its place, so that the open
  /// shards always tile.
  std::vector<wire::Stream> routed() const;
  /// Empty where there is no such stream.
  std::string id_of(const std::string& account, const std::string& name);

 private:
  /// A split or a merge under way.
  struct Pending {
    std::string stream;  // id
    std::vector<std::uint32_t> parents;
    std::vector<std::uint32_t> open;  // of the parents, those whose owner has not said so yet
    std::vector<std::pair<std::string, std::string>> ranges;  // of the children, first and last
  };

  std::vector<wire::Stream>::iterator find(const std::string& account, const std::string& name);
  wire::Stream& changeable(const wire::Change& change);
  wire::Stream& active(const wire::Change& change);
  void create(const wire::Change& change, std::uint64_t now_ms);
  void split(wire::Stream& stream, const wire::Split& split);
  void merge(wire::Stream& stream, const wire::Merge& merge);
  void close(wire::Stream& stream, Pending pending);
  std::size_t shards() const;

  std::vector<wire::Stream> streams_;
  std::vector<Pending> pending_;
  std::uint32_t next_turn_ = 0;
  std::uint64_t last_made_;  // from the time on, so that no earlier life's ids come back
};

}  // namespace ceiling
