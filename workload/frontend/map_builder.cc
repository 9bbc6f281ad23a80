#include "workload/frontend/map_builder.h"

namespace ceiling::frontend {

void MapBuilder::begin(std::uint64_t version, std::span<const wire::Stream> streams,
                       std::set<Source> needed) {
  streams_.assign(streams.begin(), streams.end());
  std::erase_if(latest_, [&](const auto& entry) { return entry.second.version() < version; });
  missing_ = needed;
  needed_ = std::move(needed);
  build_.set_version(version);
  if (!staged_) map_.empty(version);
  enter(wire::BUILD_RUNNING, "", !staged_);
  for (const auto& [source, slice] : latest_) {
    if (slice.version() == version) take(slice);
  }
}

void MapBuilder::add(const wire::Slice& slice) {
  const Source source(slice.sender(), slice.part());
  auto& latest = latest_[source];
  if (slice.version() < latest.version() || slice.version() < build_.version()) return;
  latest = slice;
  if (slice.version() == build_.version()) take(slice);
}

void MapBuilder::take(const wire::Slice& slice) {
  if (build_.state() == wire::BUILD_FAILED || build_.state() == wire::BUILD_NONE) return;
  const Source source(slice.sender(), slice.part());
  if (!needed_.contains(source)) return;
  missing_.erase(source);
  if (!staged_) map_.fill(slice);
  if (missing_.empty()) finish();
}

ShardMap MapBuilder::assemble() const {
  ShardMap map(build_.version());
  for (const Source& source : needed_) map.add(latest_.at(source));
  return map;
}

void MapBuilder::finish() {
  if (staged_) {
    ShardMap map = assemble();
    if (const auto problem = wire::tiling_problem(streams_, map.routes())) {
      return enter(wire::BUILD_FAILED, "not published: " + *problem, false);
    }
    if (map.version() < map_.version()) {
      return enter(wire::BUILD_FAILED, "not published: older than the published one", false);
    }
    map_.replace(std::move(map));
  } else {
    map_.complete();
  }
  in_service_ = true;
  enter(wire::BUILD_COMPLETE, "", true);
}

void MapBuilder::fail(std::uint64_t version, const std::string& reason) {
  if (version != build_.version() || build_.state() != wire::BUILD_RUNNING) return;
  enter(wire::BUILD_FAILED, reason, false);
}

void MapBuilder::enter(wire::BuildState state, const std::string& reason, bool published) {
  build_.set_state(state);
  build_.set_reason(reason);
  changed_(published);
}

}  // namespace ceiling::frontend
