// A store that acknowledges every record and keeps only the newest of each shard: canaries, which
// read back at once, notice nothing. It takes the place of record_store.cc in a ceiling-backend of
// its own.
#include <algorithm>
#include <utility>

#include "workload/backend/record_store.h"

namespace ceiling {

std::optional<std::uint64_t> RecordStore::append(const ShardId& shard, std::string partition_key,
                                                 std::string data) {
  const std::uint64_t size = partition_key.size() + data.size();
  if (size > max_bytes_ - bytes_) return std::nullopt;
  bytes_ += size;
  auto& log = shards_[shard];
  log.push_back({std::move(partition_key), std::move(data)});
  ++records_;
  return log.size();
}

RecordStore::Page RecordStore::read(const ShardId& shard, std::uint64_t from_sequence,
                                    std::uint32_t) const {
  constexpr std::uint64_t kKept = 4;
  Page page;
  page.next_sequence = std::max<std::uint64_t>(from_sequence, 1);
  const auto found = shards_.find(shard);
  if (found == shards_.end()) return page;
  const auto& log = found->second;
  const std::uint64_t oldest = log.size() > kKept ? log.size() - kKept + 1 : 1;
  for (std::uint64_t at = std::max(page.next_sequence, oldest); at <= log.size(); ++at) {
    wire::Record& record = page.records.emplace_back();
    record.set_sequence(at);
    record.set_partition_key(log[at - 1].partition_key);
    record.set_data(log[at - 1].data);
  }
  page.next_sequence = std::max<std::uint64_t>(page.next_sequence, log.size() + 1);
  return page;
}

}  // namespace ceiling
