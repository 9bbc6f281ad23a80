#include "workload/frontend/map_builder.h"

namespace ceiling::frontend {

void MapBuilder::begin(std::uint64_t version, std::span<const wire::Stream> streams,
                       std::set<Source> needed) {
  streams_.assign(streams.begin(), streams.end());
  taken_.clear();
  missing_ = needed;
  needed_ = std::move(needed);
  build_.set_version(version);
  if (!staged_) map_.empty(version);
  enter(wire::BUILD_RUNNING, "", !staged_);
  for (const auto& [source, slice] : early_) {
    if (slice.version() == version) take(slice);
  }
  std::erase_if(early_, [&](const auto& entry) { return entry.second.version() <= version; });
}

void MapBuilder::publish_first(const wire::Slice& whole) {
  if (whole.version() != build_.version() || build_.state() != wire::BUILD_RUNNING) return;
  ShardMap map(build_.version());
  map.add(whole);
  if (wire::tiling_problem(streams_, map.routes())) return;
  map_.replace(std::move(map));
  in_service_ = true;
  changed_(true);
}

void MapBuilder::add(const wire::Slice& slice) {
  if (slice.version() == build_.version()) return take(slice);
  if (slice.version() < build_.version()) return;
  wire::Slice& early = early_[Source(slice.sender(), slice.part())];
  if (slice.version() >= early.version()) early = slice;
}

void MapBuilder::take(const wire::Slice& slice) {
  if (build_.state() == wire::BUILD_FAILED || build_.state() == wire::BUILD_NONE) return;
  const Source source(slice.sender(), slice.part());
  if (!needed_.contains(source)) return;
  missing_.erase(source);
  staged_ ? void(taken_[source] = slice) : map_.fill(slice);
  if (missing_.empty()) finish();
}

ShardMap MapBuilder::assemble() const {
  ShardMap map(build_.version());
  for (const auto& [source, slice] : taken_) map.add(slice);
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
