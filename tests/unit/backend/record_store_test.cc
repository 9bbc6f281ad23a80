#include "workload/backend/record_store.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "workload/protocol/wire.h"

namespace ceiling {
namespace {

const ShardId kShard{"orders", 3};

TEST(RecordStore, SequenceNumbersRiseFromOneInEachShard) {
  RecordStore store(1 << 20);
  EXPECT_EQ(store.append(kShard, "a", "x"), 1U);
  EXPECT_EQ(store.append(kShard, "b", "y"), 2U);
  EXPECT_EQ(store.append({"orders", 4}, "c", "z"), 1U);
  EXPECT_EQ(store.append({"clicks", 3}, "c", "z"), 1U);
  EXPECT_EQ(store.append(kShard, "a", "x"), 3U);
  EXPECT_EQ(store.records(), 5U);
}

TEST(RecordStore, ARecordIsReadBackAsItWasPut) {
  RecordStore store(1 << 20);
  const std::string data("\0\xff\n", 3);
  store.append(kShard, "key", data);
  const auto page = store.read(kShard, 1, 0);
  ASSERT_EQ(page.records.size(), 1U);
  EXPECT_EQ(page.records[0].sequence(), 1U);
  EXPECT_EQ(page.records[0].partition_key(), "key");
  EXPECT_EQ(page.records[0].data(), data);
  EXPECT_EQ(page.next_sequence, 2U);
  EXPECT_FALSE(page.more);
}

TEST(RecordStore, PagesFollowEachOtherWithoutGapOrRepeat) {
  RecordStore store(1 << 20);
  for (int i = 1; i <= 10; ++i) store.append(kShard, std::to_string(i), "");
  std::uint64_t expected = 1;
  auto page = store.read(kShard, 0, 4);
  while (true) {
    for (const auto& record : page.records) {
      EXPECT_EQ(record.sequence(), expected);
      EXPECT_EQ(record.partition_key(), std::to_string(expected++));
    }
    EXPECT_EQ(page.next_sequence, expected);
    EXPECT_EQ(page.more, expected <= 10);
    if (!page.more) break;
    page = store.read(kShard, page.next_sequence, 4);
  }
  EXPECT_EQ(expected, 11U);
}

// A reader that waits for the next record asks there again and again.
TEST(RecordStore, TheEndIsAnEmptyPageThatStaysWhereItIs) {
  RecordStore store(1 << 20);
  EXPECT_EQ(store.read(kShard, 0, 5).next_sequence, 1U);
  store.append(kShard, "a", "x");
  for (const std::uint64_t from : {std::uint64_t{2}, std::uint64_t{9}, ~std::uint64_t{0}}) {
    const auto page = store.read(kShard, from, 5);
    EXPECT_TRUE(page.records.empty());
    EXPECT_EQ(page.next_sequence, from);
    EXPECT_FALSE(page.more);
  }
}

TEST(RecordStore, APageHoldsAtMostTenThousandRecords) {
  RecordStore store(8 << 20);
  for (int i = 0; i < 10'001; ++i) store.append(kShard, "k", "");
  for (const std::uint32_t limit : {0U, 10'000U, 20'000U, ~0U}) {
    const auto page = store.read(kShard, 1, limit);
    EXPECT_EQ(page.records.size(), 10'000U);
    EXPECT_TRUE(page.more);
  }
}

TEST(RecordStore, APageHoldsAtMostAMebibyteButAlwaysOneRecord) {
  RecordStore store(8 << 20);
  store.append(kShard, "", std::string(600 << 10, 'a'));
  store.append(kShard, "", std::string(400 << 10, 'b'));
  store.append(kShard, "", std::string(100 << 10, 'c'));
  store.append(kShard, "", std::string(RecordStore::kMaxRecordBytes, 'd'));
  const auto first = store.read(kShard, 1, 0);
  EXPECT_EQ(first.records.size(), 2U);
  EXPECT_TRUE(first.more);
  EXPECT_EQ(store.read(kShard, first.next_sequence, 0).records.size(), 1U);
  const auto large = store.read(kShard, 4, 0);
  EXPECT_EQ(large.records.size(), 1U);
  EXPECT_FALSE(large.more);
}

// The program would end while it encodes an answer that is too long.
TEST(RecordStore, EveryPageFitsAMessage) {
  RecordStore store(8 << 20);
  for (int i = 0; i < 10'000; ++i) store.append(kShard, std::string(52, 'k'), std::string(52, 'd'));
  store.append({"orders", 0}, "", std::string(RecordStore::kMaxRecordBytes, 'd'));
  for (const ShardId& shard : {kShard, ShardId{"orders", 0}}) {
    wire::Envelope envelope;
    for (auto& record : store.read(shard, 1, 0).records) {
      *envelope.mutable_get_done()->add_records() = record;
    }
    EXPECT_GT(envelope.get_done().records_size(), 0);
    EXPECT_NO_THROW(wire::encode(envelope));
  }
}

TEST(RecordStore, AFullStoreRefusesAndKeepsWhatItHas) {
  const std::size_t cost = 1 + 99 + RecordStore::kRecordOverhead;
  RecordStore store(2 * cost + 1);
  EXPECT_EQ(store.append(kShard, "a", std::string(99, 'x')), 1U);
  EXPECT_EQ(store.append(kShard, "b", std::string(99, 'x')), 2U);
  EXPECT_EQ(store.bytes(), 2 * cost);
  EXPECT_EQ(store.append(kShard, "", ""), std::nullopt);
  EXPECT_EQ(store.records(), 2U);
  EXPECT_EQ(store.read(kShard, 1, 0).records.size(), 2U);
}

TEST(RecordStore, ARefusedRecordLeavesNoGap) {
  RecordStore store(2 * RecordStore::kRecordOverhead);
  EXPECT_EQ(store.append(kShard, "", ""), 1U);
  EXPECT_EQ(store.append(kShard, "", "does not fit"), std::nullopt);
  EXPECT_EQ(store.append(kShard, "", ""), 2U);
}

}  // namespace
}  // namespace ceiling
