#include "workload/protocol/hash_key.h"

#include <gtest/gtest.h>

namespace ceiling {
namespace {

constexpr HashKey key(std::uint64_t high, std::uint64_t low) {
  return HashKey{high} << 64 | low;
}

// The digests are those of RFC 1321, section A.5.
TEST(HashKey, IsTheMd5AsABigEndianNumber) {
  EXPECT_TRUE(hash_key("") == key(0xd41d8cd98f00b204, 0xe9800998ecf8427e));
  EXPECT_TRUE(hash_key("abc") == key(0x900150983cd24fb0, 0xd6963f7d28e17f72));
}

TEST(ShardRange, OneShardHasTheWholeSpace) {
  EXPECT_TRUE(shard_range(0, 1) == (HashRange{0, ~HashKey{0}}));
}

TEST(ShardRange, HalvesMeetInTheMiddle) {
  EXPECT_TRUE(shard_range(0, 2).last == key(0x7fffffffffffffff, 0xffffffffffffffff));
  EXPECT_TRUE(shard_range(1, 2).first == key(0x8000000000000000, 0));
}

TEST(ShardRange, ThirdsAreRoundedDown) {
  EXPECT_TRUE(shard_range(1, 3).first == key(0x5555555555555555, 0x5555555555555555));
  EXPECT_TRUE(shard_range(2, 3).first == key(0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa));
}

TEST(ShardRange, AnyNumberOfShardsTilesTheSpace) {
  for (const int shards : {1, 2, 3, 7, 32, 1000, 9999, 10000}) {
    HashKey next = 0;
    for (int shard = 0; shard < shards; ++shard) {
      const HashRange range = shard_range(shard, shards);
      ASSERT_TRUE(range.first == next) << shard << " of " << shards;
      ASSERT_TRUE(range.first <= range.last) << shard << " of " << shards;
      next = range.last + 1;
    }
    EXPECT_TRUE(next == 0) << shards;
  }
}

}  // namespace
}  // namespace ceiling
