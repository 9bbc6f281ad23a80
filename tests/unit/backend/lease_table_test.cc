#include "workload/backend/lease_table.h"

#include <gtest/gtest.h>

namespace ceiling {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

const LeaseTable::Time kStart = LeaseTable::Time{} + std::chrono::hours(1);

wire::Leases grant(std::uint32_t ttl_ms, std::uint64_t epoch, std::uint32_t shards) {
  wire::Leases leases;
  leases.set_ttl_ms(ttl_ms);
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    wire::Lease& lease = *leases.add_leases();
    lease.set_stream("orders");
    lease.set_shard(shard);
    lease.set_epoch(epoch);
  }
  return leases;
}

TEST(LeaseTable, NothingIsOwnedBeforeTheFirstGrant) {
  const LeaseTable table;
  EXPECT_FALSE(table.epoch_of({"orders", 0}, kStart));
  EXPECT_TRUE(table.held(kStart).empty());
}

// A backend that serves past its lease serves beside the next owner.
TEST(LeaseTable, AShardIsServedUntilTheMomentTheLeaseEnds) {
  LeaseTable table;
  table.grant(grant(100, 7, 2), kStart);
  const LeaseTable::Time end = kStart + milliseconds(100);
  EXPECT_EQ(table.expires_at(), end);
  EXPECT_EQ(table.epoch_of({"orders", 1}, end - nanoseconds(1)), 7U);
  EXPECT_EQ(table.held(end - nanoseconds(1)).size(), 2U);
  EXPECT_FALSE(table.epoch_of({"orders", 1}, end));
  EXPECT_TRUE(table.held(end).empty());
}

TEST(LeaseTable, OnlyGrantedShardsAreOwned) {
  LeaseTable table;
  table.grant(grant(100, 7, 2), kStart);
  EXPECT_FALSE(table.epoch_of({"orders", 2}, kStart));
  EXPECT_FALSE(table.epoch_of({"clicks", 0}, kStart));
}

TEST(LeaseTable, AGrantTakesThePlaceOfTheOneBefore) {
  LeaseTable table;
  table.grant(grant(100, 7, 3), kStart);
  table.grant(grant(100, 8, 1), kStart + milliseconds(50));
  const LeaseTable::Time now = kStart + milliseconds(149);
  EXPECT_EQ(table.epoch_of({"orders", 0}, now), 8U);
  EXPECT_FALSE(table.epoch_of({"orders", 1}, now));
  ASSERT_EQ(table.held(now).size(), 1U);
  EXPECT_EQ(table.held(now)[0].stream(), "orders");
  EXPECT_EQ(table.held(now)[0].shard(), 0U);
  EXPECT_EQ(table.held(now)[0].epoch(), 8U);
}

// A process that was stopped reads old grants when it goes on: they must not look fresh.
TEST(LeaseTable, AGrantThatArrivesAfterItsTimeGrantsNothing) {
  LeaseTable table;
  table.grant(grant(100, 7, 1), kStart);
  EXPECT_FALSE(table.epoch_of({"orders", 0}, kStart + milliseconds(500)));
}

}  // namespace
}  // namespace ceiling
