#include "workload/client/shard_keys.h"

#include <gtest/gtest.h>

#include <set>

#include "workload/protocol/wire.h"

namespace ceiling {
namespace {

wire::Stream stream(const char* name, std::uint32_t shards) {
  wire::Stream stream;
  stream.set_name(name);
  stream.set_shards(shards);
  return stream;
}

// A key that hashes elsewhere tests another shard than the one that is reported as routable.
TEST(ShardKeys, EveryKeyFallsIntoItsShardAndIsGivenOnce) {
  const std::vector<wire::Stream> streams{stream("orders", 32), stream("single", 1),
                                          stream("odd", 7)};
  ShardKeys keys("c1", streams);
  ASSERT_EQ(keys.shards().size(), 40U);
  EXPECT_EQ(keys.shards()[0].stream, "orders");
  EXPECT_EQ(keys.shards()[31].shard, 31);
  EXPECT_EQ(keys.shards()[32].stream, "single");
  EXPECT_EQ(keys.shards()[39].shard, 6);
  std::set<std::string> seen;
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = 0; i < keys.shards().size(); ++i) {
      const int shards = i < 32 ? 32 : i == 32 ? 1 : 7;
      const std::string key = keys.fresh_key(i);
      EXPECT_TRUE(key.starts_with("c1-")) << key;
      EXPECT_TRUE(shard_range(keys.shards()[i].shard, shards).contains(hash_key(key))) << key;
      EXPECT_TRUE(seen.insert(key).second) << key << " was given twice";
    }
  }
}

TEST(ShardKeys, AStreamWithoutShardsOrWithFarTooManyIsRefused) {
  EXPECT_THROW(ShardKeys("c", std::vector{stream("empty", 0)}), wire::ProtocolError);
  EXPECT_THROW(ShardKeys("c", std::vector{stream("huge", 4'000'000'000U)}), wire::ProtocolError);
}

}  // namespace
}  // namespace ceiling
