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
        wire::make_route(stream, shard, "127.0.0.1:" + std::to_string(shard + 1), 7);
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
