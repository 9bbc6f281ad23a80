#include "workload/backend/record_store.h"

#include <algorithm>
#include <utility>

namespace ceiling {

std::optional<std::uint64_t> RecordStore::append(const ShardId& shard, std::string partition_key,
                                                 std::string data) {
  const std::uint64_t cost = partition_key.size() + data.size() + kRecordOverhead;
  if (cost > max_bytes_ - bytes_) return std::nullopt;
  auto& log = shards_[shard];
  log.push_back({std::move(partition_key), std::move(data)});
  bytes_ += cost;
  ++records_;
  return log.size();
}

RecordStore::Page RecordStore::read(const ShardId& shard, std::uint64_t from_sequence,
                                    std::uint32_t limit) const {
  Page page;
  page.next_sequence = std::max<std::uint64_t>(from_sequence, 1);
  const auto found = shards_.find(shard);
  if (found == shards_.end()) return page;
  const auto& log = found->second;
  const std::size_t most = std::min(limit == 0 ? kMaxPageRecords : limit, kMaxPageRecords);
  std::size_t bytes = 0;
  while (page.next_sequence <= log.size() && page.records.size() < most) {
    const Stored& stored = log[page.next_sequence - 1];
    bytes += stored.partition_key.size() + stored.data.size();
    if (bytes > kMaxPageBytes && !page.records.empty()) break;
    wire::Record& record = page.records.emplace_back();
    record.set_sequence(page.next_sequence++);
    record.set_partition_key(stored.partition_key);
    record.set_data(stored.data);
  }
  page.more = page.next_sequence <= log.size();
  return page;
}

}  // namespace ceiling
