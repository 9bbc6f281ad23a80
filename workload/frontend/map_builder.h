#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "workload/frontend/shard_map.h"

namespace ceiling::frontend {

/// Builds the shard-map of one version after the other from slices. Lives on the event loop.
///
/// Unguarded, construction empties the published map and refills it in place: until the last slice
/// is there, and after a failure for good, nothing is routed. With `staged`, it is built aside,
/// validated (it tiles the hash space of every stream, its version is no older than the published
/// one) and published in one step; on failure the last good map stays.
class MapBuilder {
 public:
  /// `changed` is called after every change of state; `published` tells that the published map
  /// changed too.
  MapBuilder(PublishedMap& map, bool staged, std::function<void(bool published)> changed)
      : map_(map), staged_(staged), changed_(std::move(changed)) {}

  /// Begins the map of `version`: it needs one slice of this version from each (member, part) in
  /// `needed`. Slices that came early are taken at once.
  void begin(std::uint64_t version, std::span<const wire::Stream> streams,
             std::set<std::pair<std::string, std::uint32_t>> needed);
  /// Publishes `whole`, the map of the version under construction from another source than slices,
  /// where it tiles; the construction goes on.
  void publish_first(const wire::Slice& whole);
  /// A slice that has just arrived. One of another version is kept until that version begins, or
  /// dropped if it is older. Another one of this version replaces the former.
  void add(const wire::Slice& slice);
  /// The construction of `version` ends here. One that is over already stays as it is.
  void fail(std::uint64_t version, const std::string& reason);

  const wire::Build& state() const { return build_; }
  /// A complete map has been published at least once.
  bool in_service() const { return in_service_; }

 private:
  using Source = std::pair<std::string, std::uint32_t>;
  void take(const wire::Slice& slice);
  void finish();
  ShardMap assemble() const;
  void enter(wire::BuildState state, const std::string& reason, bool published);

  PublishedMap& map_;
  bool staged_;
  std::function<void(bool)> changed_;
  wire::Build build_;
  bool in_service_ = false;
  std::vector<wire::Stream> streams_;
  std::set<Source> needed_;
  std::set<Source> missing_;
  std::map<Source, wire::Slice> taken_;  // of this version, where it is staged
  std::map<Source, wire::Slice> early_;  // the newest of a later one
};

}  // namespace ceiling::frontend
