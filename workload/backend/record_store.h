#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "messages.pb.h"
#include "workload/backend/shard_id.h"

namespace ceiling {

/// The records of every shard, in memory, gone with the process. Sequence numbers of a shard rise
/// from 1 and are never given twice, whoever owned the shard in between.
class RecordStore {
 public:
  /// Key and data of one record; with it an answer stays well below the longest message.
  static constexpr std::size_t kMaxRecordBytes = 2 << 20;
  /// Key and data in one page, but for a single record that is larger.
  static constexpr std::size_t kMaxPageBytes = 1 << 20;
  static constexpr std::uint32_t kMaxPageRecords = 10'000;
  /// What a record costs beside its key and data, rounded up.
  static constexpr std::size_t kRecordOverhead = 128;

  /// `max_bytes` bounds keys, data and kRecordOverhead for each record.
  explicit RecordStore(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  /// The record's sequence number; nothing when there is no room for it. Requires at most
  /// kMaxRecordBytes.
  std::optional<std::uint64_t> append(const ShardId& shard, std::string partition_key,
                                      std::string data);

  struct Page {
    std::vector<wire::Record> records;
    std::uint64_t next_sequence = 1;  ///< where to go on
    bool more = false;                ///< there is something at next_sequence
  };
  /// From `from_sequence` on, at most `limit` records (0: as many as a page takes). A shard without
  /// records, or an end that is not reached yet, gives an empty page.
  Page read(const ShardId& shard, std::uint64_t from_sequence, std::uint32_t limit) const;

  std::uint64_t records() const { return records_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Stored {
    std::string partition_key;
    std::string data;
  };

  std::uint64_t max_bytes_;
  std::uint64_t bytes_ = 0;
  std::uint64_t records_ = 0;
  std::map<ShardId, std::deque<Stored>> shards_;  // sequence number = place + 1
};

}  // namespace ceiling
