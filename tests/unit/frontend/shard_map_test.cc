#include "workload/frontend/shard_map.h"

#include <gtest/gtest.h>

namespace ceiling::frontend {
namespace {

wire::Slice slice_of(std::uint32_t shards, std::initializer_list<int> present) {
  wire::Stream stream;
  stream.set_name("orders");
  stream.set_shards(shards);
  wire::Slice slice;
  for (const int shard : present) {
    *slice.add_routes() =
        wire::make_route(stream, wire::shards_of(stream)[static_cast<std::size_t>(shard)],
                         "127.0.0.1:" + std::to_string(shard + 1), 7);
  }
  return slice;
}

TEST(ShardMap, EveryEdgeOfARangeBelongsToItsShard) {
  ShardMap map(1);
  map.add(slice_of(3, {0, 1, 2}));
  for (int shard = 0; shard < 3; ++shard) {
    for (const HashKey key : {shard_range(shard, 3).first, shard_range(shard, 3).last}) {
      const auto found = map.by_key("orders", key);
      ASSERT_TRUE(found);
      EXPECT_EQ(found->shard, shard);
      EXPECT_EQ(found->backend, "127.0.0.1:" + std::to_string(shard + 1));
      EXPECT_EQ(found->epoch, 7u);
    }
  }
}

TEST(ShardMap, AGapRoutesNothing) {
  ShardMap map(1);
  map.add(slice_of(3, {0, 2}));
  EXPECT_FALSE(map.by_key("orders", shard_range(1, 3).first));
  EXPECT_FALSE(map.by_key("orders", shard_range(1, 3).last));
  EXPECT_FALSE(map.by_shard("orders", 1));
  EXPECT_FALSE(map.by_key("others", 0));
}

// Writers find the child, readers of the parent still find the parent, in whatever order they come.
TEST(ShardMap, AClosedShardIsFoundByItsNumberAndItsChildByTheKey) {
  wire::Slice parent = slice_of(1, {0});
  parent.mutable_routes(0)->set_closed(true);
  wire::Slice child = slice_of(1, {0});
  child.mutable_routes(0)->set_shard(1);
  child.mutable_routes(0)->set_backend("127.0.0.1:9");
  for (const bool parent_first : {true, false}) {
    ShardMap map(1);
    map.add(parent_first ? parent : child);
    map.add(parent_first ? child : parent);
    for (const HashKey key : {shard_range(0, 1).first, shard_range(0, 1).last}) {
      ASSERT_TRUE(map.by_key("orders", key));
      EXPECT_EQ(map.by_key("orders", key)->shard, 1);
      EXPECT_EQ(map.by_key("orders", key)->backend, "127.0.0.1:9");
    }
    ASSERT_TRUE(map.by_shard("orders", 0));
    EXPECT_EQ(map.by_shard("orders", 0)->backend, "127.0.0.1:1");
    EXPECT_EQ(map.by_shard("orders", 1)->backend, "127.0.0.1:9");
    ASSERT_EQ(map.routes().size(), 2U);
    EXPECT_TRUE(map.routes()[0].closed());
    EXPECT_FALSE(map.routes()[1].closed());
  }
}

TEST(ShardMap, AKeyOfAClosedShardAloneRoutesNothing) {
  ShardMap map(1);
  wire::Slice parent = slice_of(1, {0});
  parent.mutable_routes(0)->set_closed(true);
  map.add(parent);
  EXPECT_FALSE(map.by_key("orders", 0));
  EXPECT_TRUE(map.by_shard("orders", 0));
}

TEST(PublishedMap, RoutesOnlyFromACompleteMap) {
  PublishedMap map;
  EXPECT_FALSE(map.by_key("orders", 0));
  map.empty(1);
  map.fill(slice_of(1, {0}));
  EXPECT_FALSE(map.by_key("orders", 0));
  map.complete();
  EXPECT_TRUE(map.by_key("orders", 0));
  map.empty(2);
  EXPECT_FALSE(map.by_key("orders", 0)) << "construction in place empties it";
  EXPECT_FALSE(map.describe().complete());
  EXPECT_EQ(map.describe().version(), 2u);
}

}  // namespace
}  // namespace ceiling::frontend
