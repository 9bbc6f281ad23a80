#include "workload/backend/throttle.h"

#include <gtest/gtest.h>

namespace ceiling {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Throttle::Time kStart = Throttle::Time{} + std::chrono::hours(1);
const ShardId kShard{"orders", 0};

wire::ShardLimits limits(std::uint64_t bytes_in, std::uint32_t records_in, std::uint64_t bytes_out,
                         std::uint32_t reads_out) {
  wire::ShardLimits limits;
  limits.set_bytes_in(bytes_in);
  limits.set_records_in(records_in);
  limits.set_bytes_out(bytes_out);
  limits.set_reads_out(reads_out);
  return limits;
}

Throttle throttle(const wire::ShardLimits& limits) {
  Throttle made;
  made.set(limits);
  return made;
}

// How many records of `bytes` are let through at this moment.
int puts(Throttle& throttle, std::size_t bytes, Throttle::Time now, const ShardId& shard = kShard) {
  int count = 0;
  while (count < 100'000 && throttle.take_put(shard, bytes, now)) ++count;
  return count;
}

int reads(Throttle& throttle, Throttle::Time now) {
  int count = 0;
  while (count < 100'000 && throttle.take_read(kShard, now)) ++count;
  return count;
}

TEST(Throttle, ASecondsRecordsMayComeAtOnceAndNotOneMore) {
  Throttle one = throttle(limits(0, 1000, 0, 0));
  EXPECT_EQ(puts(one, 1, kStart), 1000);
  EXPECT_EQ(puts(one, 1, kStart), 0);
}

TEST(Throttle, WhatWasUsedComesBackAtTheRate) {
  Throttle one = throttle(limits(0, 1000, 0, 0));
  EXPECT_EQ(puts(one, 1, kStart), 1000);
  EXPECT_EQ(puts(one, 1, kStart + milliseconds(250)), 250);
  EXPECT_EQ(puts(one, 1, kStart + milliseconds(251)), 1);
}

TEST(Throttle, AnIdleShardSavesUpNoMoreThanASecond) {
  Throttle one = throttle(limits(0, 1000, 0, 0));
  EXPECT_EQ(puts(one, 1, kStart), 1000);
  EXPECT_EQ(puts(one, 1, kStart + seconds(3600)), 1000);
}

TEST(Throttle, ARefusedRecordIsNotCharged) {
  Throttle one = throttle(limits(0, 10, 0, 0));
  EXPECT_EQ(puts(one, 1, kStart), 10);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(one.take_put(kShard, 1, kStart));
  EXPECT_EQ(puts(one, 1, kStart + seconds(1)), 10);
}

TEST(Throttle, ALargeRecordIsLetThroughAndPaidForAfterwards) {
  Throttle one = throttle(limits(1000, 0, 0, 0));
  EXPECT_TRUE(one.take_put(kShard, 3000, kStart));  // 2000 too much: two seconds
  EXPECT_FALSE(one.take_put(kShard, 1, kStart + milliseconds(1999)));
  EXPECT_FALSE(one.take_put(kShard, 1, kStart + seconds(2)));
  EXPECT_TRUE(one.take_put(kShard, 1, kStart + milliseconds(2001)));
}

TEST(Throttle, BytesAndRecordsBothCount) {
  Throttle one = throttle(limits(1000, 5, 0, 0));
  EXPECT_EQ(puts(one, 500, kStart), 2);
  EXPECT_EQ(puts(one, 1, kStart + seconds(2)), 5);
}

TEST(Throttle, ReadsAreCountedAndWhatTheyBringIsCharged) {
  Throttle one = throttle(limits(0, 0, 2000, 5));
  EXPECT_EQ(reads(one, kStart), 5);
  const Throttle::Time later = kStart + seconds(1);
  EXPECT_TRUE(one.take_read(kShard, later));
  one.charge_read(kShard, 4000, later);
  EXPECT_FALSE(one.take_read(kShard, later));
  EXPECT_FALSE(one.take_read(kShard, later + seconds(1)));
  EXPECT_TRUE(one.take_read(kShard, later + milliseconds(1001)));
}

TEST(Throttle, WritersAndReadersDoNotTakeFromEachOther) {
  Throttle one = throttle(limits(100, 10, 100, 5));
  one.charge_read(kShard, 1000, kStart);
  EXPECT_EQ(puts(one, 1, kStart), 10);
  EXPECT_EQ(reads(one, kStart), 0);
}

TEST(Throttle, ALimitOfZeroIsNone) {
  Throttle one = throttle(limits(0, 0, 0, 0));
  EXPECT_EQ(puts(one, 1 << 20, kStart), 100'000);
  one.charge_read(kShard, 1 << 30, kStart);
  EXPECT_EQ(reads(one, kStart), 100'000);
}

TEST(Throttle, ShardsAreIndependent) {
  Throttle one = throttle(limits(0, 10, 0, 0));
  EXPECT_EQ(puts(one, 1, kStart), 10);
  EXPECT_EQ(puts(one, 1, kStart, {"orders", 1}), 10);
  EXPECT_EQ(puts(one, 1, kStart, {"clicks", 0}), 10);
  EXPECT_EQ(puts(one, 1, kStart), 0);
}

TEST(Throttle, OtherLimitsHoldFromTheNextRecordOn) {
  Throttle one = throttle(limits(0, 10, 0, 0));
  EXPECT_EQ(puts(one, 1, kStart), 10);
  one.set(limits(0, 100, 0, 0));
  EXPECT_EQ(puts(one, 1, kStart + milliseconds(500)), 50);
}

}  // namespace
}  // namespace ceiling
