#include "workload/protocol/hash_key.h"

#include <gtest/gtest.h>

#include <utility>

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

TEST(HashKey, IsWrittenAndReadAsADecimal) {
  const std::pair<HashKey, const char*> cases[] = {
      {0, "0"},
      {9, "9"},
      {10, "10"},
      {key(1, 0), "18446744073709551616"},
      {~HashKey{0} - 5, "340282366920938463463374607431768211450"},
      {~HashKey{0}, "340282366920938463463374607431768211455"},
  };
  for (const auto& [number, digits] : cases) {
    EXPECT_EQ(to_decimal(number), digits);
    EXPECT_TRUE(hash_key_of_decimal(digits) == number) << digits;
  }
}

TEST(HashKey, WhatIsNoDecimalBelowTwoToThe128IsNone) {
  for (const char* digits :
       {"340282366920938463463374607431768211456", "340282366920938463463374607431768211460",
        "999999999999999999999999999999999999999", "3402823669209384634633746074317682114550", "00",
        "01", "", " 1", "1 ", "-1", "+1", "1e3", "0x1", "1.0", "a", "/", ":"}) {
    EXPECT_FALSE(hash_key_of_decimal(digits)) << digits;
  }
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
