#include "workload/backend/lease_table.h"

#include <gtest/gtest.h>

#include <optional>

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

std::optional<std::uint64_t> epoch_of(const LeaseTable& table, const ShardId& shard,
                                      LeaseTable::Time now) {
  const wire::Lease* const lease = table.find(shard, now);
  return lease == nullptr ? std::nullopt : std::optional(lease->epoch());
}

TEST(LeaseTable, NothingIsOwnedBeforeTheFirstGrant) {
  const LeaseTable table;
  EXPECT_FALSE(epoch_of(table, {"orders", 0}, kStart));
  EXPECT_TRUE(table.held(kStart).empty());
}

// A backend that serves past its lease serves beside the next owner.
TEST(LeaseTable, AShardIsServedUntilTheMomentTheLeaseEnds) {
  LeaseTable table;
  table.grant(grant(100, 7, 2), kStart);
  const LeaseTable::Time end = kStart + milliseconds(100);
  EXPECT_EQ(table.expires_at(), end);
  EXPECT_EQ(epoch_of(table, {"orders", 1}, end - nanoseconds(1)), 7U);
  EXPECT_EQ(table.held(end - nanoseconds(1)).size(), 2U);
  EXPECT_FALSE(epoch_of(table, {"orders", 1}, end));
  EXPECT_TRUE(table.held(end).empty());
}

TEST(LeaseTable, OnlyGrantedShardsAreOwned) {
  LeaseTable table;
  table.grant(grant(100, 7, 2), kStart);
  EXPECT_FALSE(epoch_of(table, {"orders", 2}, kStart));
  EXPECT_FALSE(epoch_of(table, {"clicks", 0}, kStart));
}

TEST(LeaseTable, AGrantTakesThePlaceOfTheOneBefore) {
  LeaseTable table;
  table.grant(grant(100, 7, 3), kStart);
  table.grant(grant(100, 8, 1), kStart + milliseconds(50));
  const LeaseTable::Time now = kStart + milliseconds(149);
  EXPECT_EQ(epoch_of(table, {"orders", 0}, now), 8U);
  EXPECT_FALSE(epoch_of(table, {"orders", 1}, now));
  ASSERT_EQ(table.held(now).size(), 1U);
  EXPECT_EQ(table.held(now)[0].stream(), "orders");
  EXPECT_EQ(table.held(now)[0].shard(), 0U);
  EXPECT_EQ(table.held(now)[0].epoch(), 8U);
}

// Its records are still read; that it takes no more of them is the server's to see to.
TEST(LeaseTable, AClosedShardIsHeldAndSaysSo) {
  LeaseTable table;
  wire::Leases leases = grant(100, 7, 2);
  leases.mutable_leases(1)->set_closed(true);
  leases.mutable_leases(1)->set_limited(true);
  table.grant(leases, kStart);
  ASSERT_NE(table.find({"orders", 1}, kStart), nullptr);
  EXPECT_FALSE(table.find({"orders", 0}, kStart)->closed());
  EXPECT_FALSE(table.find({"orders", 0}, kStart)->limited());
  EXPECT_TRUE(table.find({"orders", 1}, kStart)->closed());
  EXPECT_TRUE(table.find({"orders", 1}, kStart)->limited());
  ASSERT_EQ(table.held(kStart).size(), 2U);
  EXPECT_TRUE(table.held(kStart)[1].closed());
  EXPECT_EQ(table.find({"orders", 1}, kStart + milliseconds(100)), nullptr);
}

// A process that was stopped reads old grants when it goes on: they must not look fresh.
TEST(LeaseTable, AGrantThatArrivesAfterItsTimeGrantsNothing) {
  LeaseTable table;
  table.grant(grant(100, 7, 1), kStart);
  EXPECT_FALSE(epoch_of(table, {"orders", 0}, kStart + milliseconds(500)));
}

}  // namespace
}  // namespace ceiling
