#include "workload/backend/record_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "cgroups/error.h"
#include "tests/support/spawn/support.h"
#include "workload/protocol/wire.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const ShardId kShard{"orders", 3};
const ShardId kOther{"orders", 4};
constexpr std::uint64_t kNow = 1'700'000'000'000;

class RecordStoreTest : public testing::Test {
 protected:
  RecordStore& open(std::uint64_t max_bytes = 64 << 20) {
    store_.reset();  // first: the folder is held
    return store_.emplace(data_, max_bytes);
  }
  void close() { store_.reset(); }
  void commit() {
    const auto batch = store_->take();
    store_->commit(batch);
    store_->committed(batch);
  }
  std::optional<std::uint64_t> put(const ShardId& shard, const std::string& key,
                                   const std::string& data, std::uint64_t now_ms = kNow) {
    const auto sequence = store_->append(shard, key, data, now_ms);
    commit();
    return sequence;
  }
  /// What opening the folder says.
  std::string refusal() {
    try {
      const RecordStore refused(data_, 1 << 20);
      return "";
    } catch (const HostError& error) {
      return error.what() + std::string(": ") + error.remedy();
    }
  }
  fs::path file_with(const std::string& end) const {
    for (const auto& entry : fs::directory_iterator(data_)) {
      if (entry.path().native().ends_with(end)) return entry.path();
    }
    return {};
  }

  const TemporaryFolder folder_;
  const fs::path data_ = folder_.path() / "data";
  std::optional<RecordStore> store_;
};

TEST_F(RecordStoreTest, SequenceNumbersRiseFromOneInEachShard) {
  open();
  EXPECT_EQ(put(kShard, "a", "x"), 1U);
  EXPECT_EQ(put(kShard, "b", "y"), 2U);
  EXPECT_EQ(put(kOther, "c", "z"), 1U);
  EXPECT_EQ(put({"clicks", 3}, "c", "z"), 1U);
  EXPECT_EQ(put(kShard, "a", "x"), 3U);
  EXPECT_EQ(store_->records(), 5U);
}

TEST_F(RecordStoreTest, ARecordIsReadBackAsItWasPut) {
  open();
  const std::string data("\0\xff\n", 3);
  put(kShard, "key", data);
  const auto page = store_->read(kShard, 1, 0);
  ASSERT_EQ(page.records.size(), 1U);
  EXPECT_EQ(page.records[0].sequence(), 1U);
  EXPECT_EQ(page.records[0].partition_key(), "key");
  EXPECT_EQ(page.records[0].data(), data);
  EXPECT_EQ(page.records[0].arrived_ms(), kNow);
  EXPECT_EQ(page.next_sequence, 2U);
  EXPECT_EQ(page.latest_arrived_ms, kNow);
  EXPECT_FALSE(page.more);
}

// Nobody may see what a crash can still take back.
TEST_F(RecordStoreTest, NothingIsSeenBeforeItIsCommitted) {
  open();
  put(kShard, "a", "x");
  EXPECT_EQ(store_->append(kShard, "b", "y", kNow + 5), 2U);
  EXPECT_EQ(store_->append(kOther, "c", "z", kNow), 1U);
  const auto batch = store_->take();
  store_->commit(batch);
  for (const bool committed : {false, true}) {
    if (committed) store_->committed(batch);
    const auto page = store_->read(kShard, 1, 0);
    EXPECT_EQ(page.records.size(), committed ? 2U : 1U);
    EXPECT_EQ(page.next_sequence, committed ? 3U : 2U);
    EXPECT_EQ(page.latest_arrived_ms, committed ? kNow + 5 : kNow);
    EXPECT_EQ(store_->read(kOther, 0, 0).records.size(), committed ? 1U : 0U);
    EXPECT_EQ(store_->records(), committed ? 3U : 1U);
  }
}

TEST_F(RecordStoreTest, PagesFollowEachOtherWithoutGapOrRepeat) {
  open();
  for (int i = 1; i <= 10; ++i) store_->append(kShard, std::to_string(i), "", kNow);
  commit();
  std::uint64_t expected = 1;
  auto page = store_->read(kShard, 0, 4);
  while (true) {
    for (const auto& record : page.records) {
      EXPECT_EQ(record.sequence(), expected);
      EXPECT_EQ(record.partition_key(), std::to_string(expected++));
    }
    EXPECT_EQ(page.next_sequence, expected);
    EXPECT_EQ(page.more, expected <= 10);
    if (!page.more) break;
    page = store_->read(kShard, page.next_sequence, 4);
  }
  EXPECT_EQ(expected, 11U);
}

// A reader that wants only what is going to come asks past the end.
TEST_F(RecordStoreTest, PastTheEndIsAnEmptyPageThatSaysWhereTheEndIs) {
  open();
  EXPECT_EQ(store_->read(kShard, 7, 5).next_sequence, 1U);
  put(kShard, "a", "x");
  for (const std::uint64_t from : {std::uint64_t{2}, std::uint64_t{9}, ~std::uint64_t{0}}) {
    const auto page = store_->read(kShard, from, 5);
    EXPECT_TRUE(page.records.empty());
    EXPECT_EQ(page.next_sequence, 2U);
    EXPECT_FALSE(page.more);
  }
}

TEST_F(RecordStoreTest, APageHoldsAtMostTenThousandRecords) {
  open();
  for (int i = 0; i < 10'001; ++i) store_->append(kShard, "k", "", kNow);
  commit();
  for (const std::uint32_t limit : {0U, 10'000U, 20'000U, ~0U}) {
    const auto page = store_->read(kShard, 1, limit);
    EXPECT_EQ(page.records.size(), 10'000U);
    EXPECT_TRUE(page.more);
  }
}

TEST_F(RecordStoreTest, APageHoldsAtMostAMebibyteButAlwaysOneRecord) {
  open();
  put(kShard, "", std::string(600 << 10, 'a'));
  put(kShard, "", std::string(400 << 10, 'b'));
  put(kShard, "", std::string(100 << 10, 'c'));
  put(kShard, "", std::string(RecordStore::kMaxRecordBytes, 'd'));
  const auto first = store_->read(kShard, 1, 0);
  EXPECT_EQ(first.records.size(), 2U);
  EXPECT_TRUE(first.more);
  EXPECT_EQ(store_->read(kShard, first.next_sequence, 0).records.size(), 1U);
  const auto large = store_->read(kShard, 4, 0);
  EXPECT_EQ(large.records.size(), 1U);
  EXPECT_FALSE(large.more);
}

// The program would end while it encodes an answer that is too long.
TEST_F(RecordStoreTest, EveryPageFitsAMessage) {
  open();
  for (int i = 0; i < 10'000; ++i) {
    store_->append(kShard, std::string(52, 'k'), std::string(52, 'd'), kNow);
  }
  put(kOther, "", std::string(RecordStore::kMaxRecordBytes, 'd'));
  for (const ShardId& shard : {kShard, kOther}) {
    wire::Envelope envelope;
    for (auto& record : store_->read(shard, 1, 0).records) {
      *envelope.mutable_get_done()->add_records() = record;
    }
    EXPECT_GT(envelope.get_done().records_size(), 0);
    EXPECT_NO_THROW(wire::encode(envelope));
  }
}

TEST_F(RecordStoreTest, AFullStoreRefusesAndKeepsWhatItHas) {
  const std::size_t cost = 1 + 99 + RecordStore::kRecordOverhead;
  open(2 * cost + 1);
  EXPECT_EQ(put(kShard, "a", std::string(99, 'x')), 1U);
  EXPECT_EQ(put(kShard, "b", std::string(99, 'x')), 2U);
  EXPECT_EQ(store_->bytes(), 2 * cost);
  EXPECT_EQ(put(kShard, "", ""), std::nullopt);
  EXPECT_EQ(store_->records(), 2U);
  EXPECT_EQ(store_->read(kShard, 1, 0).records.size(), 2U);
  open(2 * cost + 1);
  EXPECT_EQ(store_->bytes(), 2 * cost);
  EXPECT_EQ(put(kShard, "", ""), std::nullopt);
  open(1);  // less than there is
  EXPECT_EQ(put(kShard, "", ""), std::nullopt);
  EXPECT_EQ(store_->read(kShard, 1, 0).records.size(), 2U);
}

TEST_F(RecordStoreTest, ARefusedRecordLeavesNoGap) {
  open(2 * RecordStore::kRecordOverhead);
  EXPECT_EQ(put(kShard, "", ""), 1U);
  EXPECT_EQ(put(kShard, "", "does not fit"), std::nullopt);
  EXPECT_EQ(put(kShard, "", ""), 2U);
}

TEST_F(RecordStoreTest, OpenedAgainItHasEveryRecordAndGoesOnCounting) {
  open();
  put(kShard, "a", "x", kNow);
  put(kShard, "b", "y", kNow + 1);
  put({"", 0}, "c", "z");
  store_->append(kShard, "never", "committed", kNow + 9);
  open();
  EXPECT_EQ(store_->records(), 3U);
  const auto page = store_->read(kShard, 0, 0);
  ASSERT_EQ(page.records.size(), 2U);
  EXPECT_EQ(page.records[1].partition_key(), "b");
  EXPECT_EQ(page.records[1].arrived_ms(), kNow + 1);
  EXPECT_EQ(page.latest_arrived_ms, kNow + 1);
  EXPECT_EQ(store_->read({"", 0}, 0, 0).records.size(), 1U);
  EXPECT_EQ(put(kShard, "d", "w"), 3U);
  EXPECT_EQ(put({"", 0}, "d", "w"), 2U);
}

// Whoever goes on from a time finds nothing out of order there.
TEST_F(RecordStoreTest, AClockThatGoesBackIsNotBelieved) {
  open();
  put(kShard, "a", "x", kNow);
  put(kShard, "b", "y", kNow - 60'000);
  EXPECT_EQ(store_->read(kShard, 2, 0).records[0].arrived_ms(), kNow);
  open();
  put(kShard, "c", "z", kNow - 60'000);
  EXPECT_EQ(store_->read(kShard, 3, 0).records[0].arrived_ms(), kNow);
}

TEST_F(RecordStoreTest, AReaderMayStartAtATime) {
  open();
  for (std::uint64_t i = 1; i <= 100; ++i) store_->append(kShard, "k", "", kNow + i / 2 * 10);
  commit();  // two each of kNow + 10, 20, ..., the first and the last alone
  const auto first = [this](std::uint64_t from_ms, std::uint64_t from_sequence = 0) {
    return store_->read(kShard, from_sequence, 1, from_ms).next_sequence - 1;
  };
  EXPECT_EQ(first(1), 1U);
  EXPECT_EQ(first(kNow), 1U);
  EXPECT_EQ(first(kNow + 1), 2U);
  EXPECT_EQ(first(kNow + 10), 2U);
  EXPECT_EQ(first(kNow + 250), 50U);
  EXPECT_EQ(first(kNow + 500), 100U);
  EXPECT_EQ(first(kNow + 10, 7), 7U);
  EXPECT_EQ(first(kNow + 250, 7), 50U);
  const auto none = store_->read(kShard, 0, 0, kNow + 501);
  EXPECT_TRUE(none.records.empty());
  EXPECT_EQ(none.next_sequence, 101U);
  EXPECT_EQ(store_->read(kOther, 0, 0, kNow).next_sequence, 1U);
}

TEST_F(RecordStoreTest, OldRecordsAreDroppedFromTheFrontAndTheirNumbersStayConsumed) {
  const std::size_t cost = 1 + RecordStore::kRecordOverhead;
  open(4 * cost);
  for (std::uint64_t i = 0; i < 4; ++i) put(kShard, "k", "", kNow + i);
  EXPECT_EQ(put(kShard, "k", ""), std::nullopt);
  store_->trim(kNow + 3);
  commit();
  EXPECT_EQ(store_->records(), 1U);
  EXPECT_EQ(store_->bytes(), cost);
  for (const bool again : {false, true}) {
    if (again) open(4 * cost);
    const auto page = store_->read(kShard, 2, 0);
    ASSERT_EQ(page.records.size(), 1U);
    EXPECT_EQ(page.records[0].sequence(), 4U);
    EXPECT_EQ(store_->read(kShard, 0, 0, kNow).records.size(), 1U);
  }
  store_->trim(kNow + 4);
  commit();
  store_->trim(kNow + 5);
  EXPECT_FALSE(store_->pending());
  open(4 * cost);
  EXPECT_EQ(store_->records(), 0U);
  EXPECT_EQ(store_->bytes(), 0U);
  EXPECT_EQ(store_->read(kShard, 0, 0).next_sequence, 5U);
  EXPECT_EQ(store_->read(kShard, 0, 0).latest_arrived_ms, kNow + 3);
  EXPECT_EQ(put(kShard, "k", "", kNow + 9), 5U);
}

// The event loop does not stand still for a whole day's records.
TEST_F(RecordStoreTest, ALargeTrimIsDoneInSteps) {
  open();
  for (int i = 0; i < 10'000; ++i) store_->append(kShard, "k", "", kNow);
  commit();
  std::uint64_t left = store_->records();
  for (int step = 0; left > 0; ++step) {
    ASSERT_LT(step, 10);
    store_->trim(kNow + 1);
    commit();
    EXPECT_LT(store_->records(), left);
    EXPECT_GE(store_->records() + 5000, left);
    left = store_->records();
  }
}

TEST_F(RecordStoreTest, AFolderBelongsToOneBackendAtATime) {
  open();
  EXPECT_EQ(refusal(), data_.native() +
                           ": held by another backend that lives: stop it, or give --data another "
                           "folder");
  close();
  EXPECT_EQ(refusal(), "");
}

TEST_F(RecordStoreTest, AFolderThatCannotBeHadIsNamed) {
  std::ofstream(data_) << "a file";
  EXPECT_EQ(refusal(), data_.native() +
                           ": Not a directory: give --data a folder on a disk that this user may "
                           "write to");
  fs::remove(data_);
  const RecordStore::Write write = RecordStore::write_to_disk;
  EXPECT_THROW(RecordStore(data_ / "without" / "parent", 1, write), HostError);
}

TEST_F(RecordStoreTest, AFolderOfSomethingElseIsLeftAlone) {
  fs::create_directory(data_);
  std::ofstream(data_ / "letter.txt") << "mine";
  EXPECT_THAT(refusal(), HasSubstr("has letter.txt but no CURRENT: damaged, or no backend's"));
  EXPECT_EQ(std::distance(fs::directory_iterator(data_), {}), 1);
}

// A first start that was cut off has acknowledged nothing.
TEST_F(RecordStoreTest, AFolderThatWasNeverFinishedIsBegunAnew) {
  fs::create_directory(data_);
  std::ofstream(data_ / "LOCK").flush();
  std::ofstream(data_ / "MANIFEST-000001") << "half";
  EXPECT_EQ(refusal(), "");
}

// What is in a damaged folder is not taken for an empty one.
TEST_F(RecordStoreTest, DamageIsSaid) {
  const auto flip = [](const fs::path& file) {
    std::fstream bytes(file, std::ios::in | std::ios::out);
    const auto middle = static_cast<std::streamoff>(fs::file_size(file) / 2);
    bytes.seekg(middle);
    const int byte = bytes.get();
    bytes.seekp(middle);
    bytes.put(static_cast<char>(byte ^ 0x55));
  };
  const std::vector<std::pair<std::string, std::function<void()>>> kDamages = {
      {"log", [&] { flip(file_with(".log")); }},
      {"no CURRENT", [&] { fs::remove(data_ / "CURRENT"); }},
      {"CURRENT", [&] { std::ofstream(data_ / "CURRENT") << "nonsense\n"; }},
      {"manifest", [&] { fs::resize_file(file_with("MANIFEST-000005"), 0); }}};
  for (const auto& [name, damage] : kDamages) {
    fs::remove_all(data_);
    open();
    for (int i = 0; i < 100; ++i) put(kShard, "key", std::string(1000, 'x'));
    close();
    damage();
    EXPECT_THAT(refusal(), HasSubstr(data_.native() + ": ")) << name;
    EXPECT_THAT(refusal(), HasSubstr("damaged")) << name;
    EXPECT_THAT(refusal(), HasSubstr("give --data another")) << name;
  }
}

TEST_F(RecordStoreTest, ARecordThatTheDiskSpoiledIsNotPassedOver) {
  open();
  for (int i = 0; i < 6; ++i) put(kShard, "key", std::string(1 << 20, 'x'));
  open();  // the log becomes a file of records
  close();
  const fs::path records = file_with(".sst");
  ASSERT_FALSE(records.empty());
  std::fstream bytes(records, std::ios::in | std::ios::out);
  bytes.seekp(static_cast<std::streamoff>(fs::file_size(records) / 2));
  bytes.put('y');
  bytes.close();
  std::string said;
  try {
    open();
    for (std::uint64_t from = 1; from <= 6; ++from) store_->read(kShard, from, 1);
  } catch (const HostError& error) {
    said = error.what() + std::string(": ") + error.remedy();
  }
  EXPECT_THAT(said, HasSubstr(data_.native() + ": cannot be read: Corruption"));
  EXPECT_THAT(said, HasSubstr(": the folder is damaged: restore it"));
}

// A log cut off by a crash is no damage: its end was never acknowledged.
TEST_F(RecordStoreTest, ACutLogLosesItsEndOnly) {
  open();
  for (int i = 0; i < 3; ++i) put(kShard, "key", std::string(1000, 'x'));
  close();
  const fs::path log = file_with(".log");
  fs::resize_file(log, fs::file_size(log) - 100);
  open();
  EXPECT_EQ(store_->records(), 2U);
  EXPECT_EQ(put(kShard, "key", "again"), 3U);
}

TEST_F(RecordStoreTest, AnotherFormatIsNotRead) {
  store_.emplace(data_, 1 << 20, [](rocksdb::DB& database, rocksdb::WriteBatch&) {
    ASSERT_TRUE(database.Put({}, record_format::kVersionKey, "2").ok());
  });
  put(kShard, "key", "x");
  close();
  EXPECT_EQ(refusal(),
            data_.native() +
                ": format 2, expected 1: start the release that wrote it, or give --data "
                "another folder");
}

}  // namespace
}  // namespace ceiling
