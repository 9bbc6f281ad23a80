#include "workload/frontend/map_builder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ceiling::frontend {
namespace {

constexpr std::uint32_t kShards = 4;

std::vector<wire::Stream> streams() {
  wire::Stream stream;
  stream.set_name("orders");
  stream.set_shards(kShards);
  return {stream};
}

/// Shard i is vouched for by the sender with number i.
wire::Slice slice(std::uint64_t version, int sender, std::initializer_list<int> shards,
                  std::uint32_t part = 0) {
  wire::Slice made;
  made.set_version(version);
  made.set_sender("frontend-" + std::to_string(sender));
  made.set_part(part);
  for (const int shard : shards) {
    const wire::Stream stream = streams()[0];
    *made.add_routes() = wire::make_route(
        stream, wire::shards_of(stream)[static_cast<std::size_t>(shard)], "127.0.0.1:1", 1);
  }
  return made;
}

class MapBuilderTest : public ::testing::TestWithParam<bool> {
 protected:
  void begin(std::uint64_t version, std::initializer_list<int> senders) {
    std::set<std::pair<std::string, std::uint32_t>> needed;
    for (const int sender : senders) needed.emplace("frontend-" + std::to_string(sender), 0);
    builder_.begin(version, streams(), needed);
  }
  /// Version 1, complete, from frontends 1 and 2.
  void complete_version_1() {
    begin(1, {1, 2});
    builder_.add(slice(1, 1, {0, 1}));
    builder_.add(slice(1, 2, {2, 3}));
    ASSERT_EQ(builder_.state().state(), wire::BUILD_COMPLETE);
  }
  bool routes() const { return map_.by_key("orders", 0).has_value(); }
  bool staged() const { return GetParam(); }

  PublishedMap map_;
  std::vector<bool> published_;
  MapBuilder builder_{map_, GetParam(),
                      [this](bool published) { published_.push_back(published); }};
};

TEST_P(MapBuilderTest, AFirstMapFromElsewhereRoutesWhileSlicesAreAwaited) {
  begin(1, {1, 2});
  builder_.publish_first(slice(1, 1, {0, 1, 2, 3}));
  EXPECT_TRUE(routes());
  EXPECT_TRUE(builder_.in_service());
  EXPECT_EQ(builder_.state().state(), wire::BUILD_RUNNING);
  const std::uint64_t first = map_.describe().digest();
  builder_.add(slice(1, 1, {0, 1}));
  builder_.add(slice(1, 2, {2, 3}));
  EXPECT_EQ(builder_.state().state(), wire::BUILD_COMPLETE);
  EXPECT_EQ(map_.describe().digest(), first);
}

TEST_P(MapBuilderTest, AFirstMapFromElsewhereOutlivesAFailure) {
  begin(1, {1, 2});
  builder_.publish_first(slice(1, 1, {0, 1, 2, 3}));
  builder_.fail(1, "refused");
  EXPECT_EQ(builder_.state().state(), wire::BUILD_FAILED);
  EXPECT_TRUE(routes());
}

TEST_P(MapBuilderTest, AFirstMapWithAGapIsNotPublished) {
  begin(1, {1, 2});
  builder_.publish_first(slice(1, 1, {0, 1, 3}));
  EXPECT_FALSE(routes());
  EXPECT_FALSE(builder_.in_service());
}

TEST_P(MapBuilderTest, IsCompleteWithTheLastSliceAndNotBefore) {
  begin(1, {1, 2});
  EXPECT_FALSE(builder_.in_service());
  builder_.add(slice(1, 1, {0, 1}));
  EXPECT_EQ(builder_.state().state(), wire::BUILD_RUNNING);
  EXPECT_FALSE(routes());
  builder_.add(slice(1, 2, {2, 3}));
  EXPECT_EQ(builder_.state().state(), wire::BUILD_COMPLETE);
  EXPECT_TRUE(routes());
  EXPECT_TRUE(builder_.in_service());
  EXPECT_TRUE(map_.describe().complete());
}

TEST_P(MapBuilderTest, ASliceThatCameEarlyCounts) {
  builder_.add(slice(1, 2, {2, 3}));
  begin(1, {1, 2});
  builder_.add(slice(1, 1, {0, 1}));
  EXPECT_EQ(builder_.state().state(), wire::BUILD_COMPLETE);
}

TEST_P(MapBuilderTest, SlicesOfAnotherVersionDoNotCount) {
  complete_version_1();
  begin(2, {1, 2, 3});
  builder_.add(slice(1, 2, {2, 3}));
  builder_.add(slice(2, 1, {0, 1}));
  builder_.add(slice(2, 3, {3}));
  EXPECT_EQ(builder_.state().state(), wire::BUILD_RUNNING);
  builder_.add(slice(2, 2, {2}));
  EXPECT_EQ(builder_.state().state(), wire::BUILD_COMPLETE);
  EXPECT_EQ(map_.describe().version(), 2u);
}

// Where streams change quickly, a peer is a version ahead before the others are done.
TEST_P(MapBuilderTest, ASenderThatIsAlreadyAVersionAheadDoesNotSpoilThisOne) {
  begin(1, {1, 2});
  builder_.add(slice(1, 1, {0, 1}));
  builder_.add(slice(2, 1, {0}));  // shard 1 is now vouched for by the other
  builder_.add(slice(1, 2, {2, 3}));
  ASSERT_EQ(builder_.state().state(), wire::BUILD_COMPLETE) << builder_.state().reason();
  EXPECT_EQ(map_.describe().routes_size(), 4);
  builder_.add(slice(1, 2, {2, 3}));  // once more, after a connection was made anew
  EXPECT_EQ(builder_.state().state(), wire::BUILD_COMPLETE) << builder_.state().reason();
  begin(2, {1, 2});
  builder_.add(slice(2, 2, {1, 2, 3}));
  EXPECT_EQ(builder_.state().state(), wire::BUILD_COMPLETE) << builder_.state().reason();
  EXPECT_EQ(map_.describe().version(), 2u);
}

TEST_P(MapBuilderTest, ASliceOfSomebodyElseDoesNotCount) {
  begin(1, {1, 2});
  builder_.add(slice(1, 1, {0, 1}));
  builder_.add(slice(1, 9, {2, 3}));
  builder_.add(slice(1, 2, {2, 3}, 1));
  EXPECT_EQ(builder_.state().state(), wire::BUILD_RUNNING);
}

TEST_P(MapBuilderTest, TheSameSliceTwiceCountsOnce) {
  begin(1, {1, 2});
  builder_.add(slice(1, 1, {0, 1}));
  builder_.add(slice(1, 1, {0, 1}));
  EXPECT_EQ(builder_.state().state(), wire::BUILD_RUNNING);
}

// The outage, and its cure.
TEST_P(MapBuilderTest, ARefusalEndsTheConstruction) {
  complete_version_1();
  begin(2, {1, 2, 3});
  builder_.add(slice(2, 1, {0}));
  builder_.fail(2, "refused");
  builder_.add(slice(2, 2, {1, 2}));
  builder_.add(slice(2, 3, {3}));
  EXPECT_EQ(builder_.state().state(), wire::BUILD_FAILED);
  EXPECT_EQ(builder_.state().reason(), "refused");
  EXPECT_TRUE(builder_.in_service());
  EXPECT_EQ(routes(), staged()) << "unguarded it cannot route; staged, the last good map stays";
  EXPECT_EQ(map_.describe().version(), staged() ? 1u : 2u);
}

TEST_P(MapBuilderTest, ARefusalOfAnotherVersionDoesNotMatter) {
  complete_version_1();
  builder_.fail(1, "late");
  EXPECT_EQ(builder_.state().state(), wire::BUILD_COMPLETE);
  begin(2, {1, 2});
  builder_.fail(1, "late");
  EXPECT_EQ(builder_.state().state(), wire::BUILD_RUNNING);
}

TEST_P(MapBuilderTest, TheNextVersionTriesAgain) {
  begin(1, {1, 2});
  builder_.fail(1, "refused");
  complete_version_1();
  EXPECT_TRUE(routes());
}

TEST_P(MapBuilderTest, OnlyStagedRefusesAMapWithAGap) {
  complete_version_1();
  begin(2, {1, 2});
  builder_.add(slice(2, 1, {0}));  // nobody vouches for shard 1
  builder_.add(slice(2, 2, {2, 3}));
  if (staged()) {
    EXPECT_EQ(builder_.state().state(), wire::BUILD_FAILED);
    EXPECT_EQ(map_.describe().version(), 1u);
    EXPECT_TRUE(map_.by_key("orders", shard_range(1, kShards).first));
  } else {
    EXPECT_EQ(builder_.state().state(), wire::BUILD_COMPLETE);
    EXPECT_EQ(map_.describe().version(), 2u);
    EXPECT_FALSE(map_.by_key("orders", shard_range(1, kShards).first));
  }
}

// Shard 1 was split: its children tile in its place, and it is still found by its number.
TEST_P(MapBuilderTest, AClosedShardIsBuiltInBesideItsChildren) {
  wire::Stream stream = streams()[0];
  for (const wire::Shard& shard : wire::shards_of(stream)) *stream.add_made() = shard;
  const HashRange parent = shard_range(1, kShards);
  const HashKey at = parent.first + 1000;
  stream.mutable_made(1)->set_closed(true);
  wire::Shard lower = stream.made(1);
  lower.set_number(4);
  lower.set_closed(false);
  wire::Shard upper = lower;
  lower.set_last(wire::bytes_of(at - 1));
  upper.set_number(5);
  upper.set_first(wire::bytes_of(at));
  *stream.add_made() = lower;
  *stream.add_made() = upper;
  wire::Slice whole;
  whole.set_version(1);
  whole.set_sender("frontend-1");
  for (const wire::Shard& shard : stream.made()) {
    *whole.add_routes() = wire::make_route(stream, shard, "127.0.0.1:1", 1);
  }
  builder_.begin(1, std::span(&stream, 1), {{"frontend-1", 0}});
  builder_.add(whole);
  ASSERT_EQ(builder_.state().state(), wire::BUILD_COMPLETE) << builder_.state().reason();
  EXPECT_EQ(map_.by_key("orders", parent.first)->shard, 4);
  EXPECT_EQ(map_.by_key("orders", at)->shard, 5);
  EXPECT_EQ(map_.by_shard("orders", 1)->shard, 1);
  EXPECT_EQ(map_.describe().routes_size(), 6);
}

TEST_P(MapBuilderTest, OnlyStagedRefusesAnOlderVersion) {
  begin(2, {1});
  builder_.add(slice(2, 1, {0, 1, 2, 3}));
  begin(1, {2});
  builder_.add(slice(1, 2, {0, 1, 2, 3}));
  EXPECT_EQ(builder_.state().state(), staged() ? wire::BUILD_FAILED : wire::BUILD_COMPLETE);
  EXPECT_EQ(map_.describe().version(), staged() ? 2u : 1u);
}

TEST_P(MapBuilderTest, StagedPublishesOnlyCompleteMaps) {
  complete_version_1();
  begin(2, {1, 2});
  builder_.add(slice(2, 1, {0, 1}));
  builder_.fail(2, "refused");
  const std::vector<bool> unguarded{true, true, true, false};  // emptied, complete, emptied, failed
  const std::vector<bool> guarded{false, true, false, false};
  EXPECT_EQ(published_, staged() ? guarded : unguarded);
}

INSTANTIATE_TEST_SUITE_P(Builds, MapBuilderTest, ::testing::Bool(), [](const auto& chosen) {
  return chosen.param ? "StagedBuild" : "Unguarded";
});

}  // namespace
}  // namespace ceiling::frontend
