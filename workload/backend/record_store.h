#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "messages.pb.h"
#include "workload/backend/data_folder.h"
#include "workload/backend/record_format.h"
#include "workload/backend/shard_id.h"

namespace rocksdb {
class DB;
class Iterator;
class WriteBatch;
}  // namespace rocksdb

namespace ceiling {

/// The records of every shard, on disk, by RocksDB. Sequence numbers of a shard rise from 1 without
/// a gap and are never given twice, whoever owned the shard in between, however the process ended.
///
/// Appending and trimming gather in one pending batch; take() hands it over, commit() brings it to
/// disk, committed() makes it seen. Batches are committed one after another, in the order taken.
/// All calls belong to one thread but commit(). What the disk does not give, or gives back damaged,
/// is a HostError; after one out of commit() or read() the store is of no more use.
class RecordStore {
 public:
  /// Key and data of one record; with it an answer stays well below the longest message.
  static constexpr std::size_t kMaxRecordBytes = 2 << 20;
  /// Key and data in one page, but for a single record that is larger.
  static constexpr std::size_t kMaxPageBytes = 1 << 20;
  static constexpr std::uint32_t kMaxPageRecords = 10'000;
  /// What a record costs beside its key and data, rounded up.
  static constexpr std::size_t kRecordOverhead = 128;
  /// Stays free on the file system: logs, and files that are being rewritten, stand there twice.
  static constexpr std::uint64_t kSpareBytes = std::uint64_t{64} << 20;

  /// Returns when the batch is on disk, or throws. A parameter, so that a test can do without it.
  using Write = std::function<void(rocksdb::DB&, rocksdb::WriteBatch&)>;
  static void write_to_disk(rocksdb::DB& database, rocksdb::WriteBatch& batch);

  /// Opens what is in `folder`, or begins there. `max_bytes` bounds keys, data and kRecordOverhead
  /// for each record. Throws HostError.
  RecordStore(const std::filesystem::path& folder, std::uint64_t max_bytes,
              Write write = write_to_disk);
  RecordStore(const RecordStore&) = delete;
  RecordStore& operator=(const RecordStore&) = delete;
  ~RecordStore();

  /// The record's sequence number, not to be told before committed(); nothing when there is no room
  /// for it. Requires at most kMaxRecordBytes. A clock that went back is not believed.
  std::optional<std::uint64_t> append(const ShardId& id, std::string partition_key,
                                      std::string data, std::uint64_t now_ms);
  /// Drops records that arrived before `before_ms` from the front of every shard, at most a few
  /// thousand of each: call it again.
  void trim(std::uint64_t before_ms);

  struct Batch {
    std::unique_ptr<rocksdb::WriteBatch> writes;
    std::map<ShardId, record_format::ShardState> states;  ///< as they are after it
    std::uint64_t records = 0;                            ///< appended, and what they cost
    std::uint64_t bytes = 0;

    Batch();
    Batch(Batch&&) noexcept;
    Batch& operator=(Batch&&) noexcept;
    ~Batch();
  };
  bool pending() const { return !pending_.states.empty(); }
  Batch take();
  void commit(const Batch& batch) const;  ///< on any thread; waits for the disk
  void committed(const Batch& batch);

  struct Page {
    std::vector<wire::Record> records;
    std::uint64_t next_sequence = 1;      ///< where to go on
    bool more = false;                    ///< there is something at next_sequence
    std::uint64_t latest_arrived_ms = 0;  ///< of the shard's newest record
  };
  /// What is committed, from `from_sequence` on but not before the first record that arrived at
  /// `from_arrived_ms` or later; at most `limit` records (0: as many as a page takes). Below the
  /// oldest record it begins there, past the newest it is empty and goes on after that.
  Page read(const ShardId& id, std::uint64_t from_sequence, std::uint32_t limit,
            std::uint64_t from_arrived_ms = 0) const;

  std::uint64_t records() const { return records_; }  ///< committed
  std::uint64_t bytes() const { return bytes_; }      ///< the pending included

 private:
  struct Shard {
    record_format::ShardState state;      // the pending included
    std::uint64_t end = 1;                // of what is committed
    std::uint64_t latest_arrived_ms = 0;  // of what is committed
  };

  void open();
  void load_shards();
  bool has_room(std::uint64_t cost);
  std::uint64_t disk_bytes() const;
  wire::Record record_at(const rocksdb::Iterator& at, const ShardId& shard,
                         std::uint64_t sequence) const;
  std::uint64_t first_arrived(const ShardId& id, const Shard& shard, std::uint64_t from_ms) const;
  void trim(const ShardId& id, Shard& shard, std::uint64_t before_ms);

  DataFolder folder_;
  std::uint64_t max_bytes_;
  Write write_;
  std::unique_ptr<rocksdb::DB> database_;
  std::map<ShardId, Shard> shards_;
  std::uint64_t bytes_ = 0;
  std::uint64_t records_ = 0;
  Batch pending_;
  std::uint64_t unwritten_bytes_ = 0;        // of the pending and what is being committed
  std::optional<std::uint64_t> disk_bytes_;  // free when the pending batch began
};

}  // namespace ceiling
