#include "workload/backend/record_store.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "cgroups/error.h"

namespace ceiling {

namespace format = record_format;

namespace {

// A trim reads what it drops, on the event loop.
constexpr std::uint64_t kMaxTrimRecords = 4096;
constexpr std::uint64_t kMaxTrimBytes = 8 << 20;

void require_ok(const std::string& folder, const rocksdb::Status& status, const char* doing) {
  if (status.ok()) return;
  const std::string what = fmt::format("{}: {}: {}", folder, doing, status.ToString());
  if (status.IsCorruption()) {
    throw HostError(what, "the folder is damaged: restore it, or give --data another one");
  }
  throw HostError(what, "see to the disk, then start again");
}

HostError damaged(const std::string& folder, const std::string& what) {
  return {fmt::format("{}: {}", folder, what),
          "the folder is damaged: restore it, or give --data another one"};
}

// Small buffers, and no thread that is not there from the first moment to the last.
rocksdb::Options database_options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.max_background_jobs = 2;
  options.max_file_opening_threads = 1;
  options.max_bgerror_resume_count = 0;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.write_buffer_size = 4 << 20;
  options.target_file_size_base = 16 << 20;
  options.max_compaction_bytes = 32 << 20;
  options.max_open_files = 64;
  options.compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(4 << 20);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // What a crash cut off at the end was never acknowledged; anything else is damage.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.max_log_file_size = 1 << 20;
  options.keep_log_file_num = 2;
  return options;
}

std::uint64_t cost_of(const wire::Record& record) {
  return record.partition_key().size() + record.data().size() + RecordStore::kRecordOverhead;
}

}  // namespace

RecordStore::Batch::Batch() : writes(std::make_unique<rocksdb::WriteBatch>()) {}
RecordStore::Batch::Batch(Batch&&) noexcept = default;
RecordStore::Batch& RecordStore::Batch::operator=(Batch&&) noexcept = default;
RecordStore::Batch::~Batch() = default;

void RecordStore::write_to_disk(rocksdb::DB& database, rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  require_ok(database.GetName(), database.Write(options, &batch), "cannot write");
}

RecordStore::RecordStore(const std::filesystem::path& folder, std::uint64_t max_bytes, Write write)
    : folder_(folder), max_bytes_(max_bytes), write_(std::move(write)) {
  open();
  load_shards();
}

RecordStore::~RecordStore() = default;

void RecordStore::open() {
  const std::string& folder = folder_.path().native();
  rocksdb::DB* database = nullptr;
  require_ok(folder, rocksdb::DB::Open(database_options(), folder, &database), "cannot be opened");
  database_.reset(database);
  std::string version;
  const auto found = database_->Get({}, format::kVersionKey, &version);
  if (found.IsNotFound()) {
    rocksdb::WriteBatch first;
    first.Put(format::kVersionKey, format::kVersion);
    return write_to_disk(*database_, first);
  }
  require_ok(folder, found, "cannot be read");
  if (version != format::kVersion) {
    throw HostError(fmt::format("{}: format {}, expected {}", folder, version, format::kVersion),
                    "start the release that wrote it, or give --data another folder");
  }
}

void RecordStore::load_shards() {
  const std::string& folder = folder_.path().native();
  const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator({}));
  for (at->Seek(format::kStatePrefix); at->Valid() && at->key().starts_with(format::kStatePrefix);
       at->Next()) {
    const auto id = format::shard_of(at->key().ToStringView());
    const auto state = format::decode(at->value().ToStringView());
    if (!id || !state) throw damaged(folder, "the state of a shard cannot be read");
    shards_[*id] = {*state, state->next, state->latest_arrived_ms};
    bytes_ += state->bytes;
    records_ += state->next - state->oldest;
  }
  require_ok(folder, at->status(), "cannot be read");
}

bool RecordStore::has_room(std::uint64_t cost) {
  if (bytes_ > max_bytes_ || cost > max_bytes_ - bytes_) return false;
  if (!disk_bytes_) disk_bytes_ = disk_bytes();
  if (kSpareBytes + unwritten_bytes_ + cost <= *disk_bytes_) return true;
  disk_bytes_.reset();  // somebody may make room
  return false;
}

/// Free on the file system.
std::uint64_t RecordStore::disk_bytes() const {
  struct statvfs disk {};
  // A ramfs says of itself that it has no blocks at all.
  if (::statvfs(folder_.path().c_str(), &disk) != 0 || disk.f_blocks == 0) {
    return std::numeric_limits<std::uint64_t>::max();
  }
  return disk.f_bavail * disk.f_frsize;
}

std::optional<std::uint64_t> RecordStore::append(const ShardId& id, std::string partition_key,
                                                 std::string data, std::uint64_t now_ms) {
  wire::Record record;
  record.set_partition_key(std::move(partition_key));
  record.set_data(std::move(data));
  const std::uint64_t cost = cost_of(record);
  if (!has_room(cost)) return std::nullopt;
  Shard& shard = shards_[id];
  shard.state.latest_arrived_ms = std::max(shard.state.latest_arrived_ms, now_ms);
  record.set_arrived_ms(shard.state.latest_arrived_ms);
  const std::uint64_t sequence = shard.state.next++;
  pending_.writes->Put(format::record_key(id, sequence), record.SerializeAsString());
  shard.state.bytes += cost;
  bytes_ += cost;
  unwritten_bytes_ += cost;
  pending_.bytes += cost;
  ++pending_.records;
  pending_.states[id] = shard.state;
  return sequence;
}

void RecordStore::trim(std::uint64_t before_ms) {
  for (auto& [id, shard] : shards_) trim(id, shard, before_ms);
}

void RecordStore::trim(const ShardId& id, Shard& shard, std::uint64_t before_ms) {
  if (shard.state.oldest == shard.end) return;
  const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator({}));
  at->Seek(format::record_key(id, shard.state.oldest));
  std::uint64_t to = shard.state.oldest;
  std::uint64_t dropped = 0;
  for (; to < shard.end && to - shard.state.oldest < kMaxTrimRecords && dropped < kMaxTrimBytes;
       ++to, at->Next()) {
    const wire::Record record = record_at(*at, id, to);
    if (record.arrived_ms() >= before_ms) break;
    dropped += cost_of(record);
  }
  if (to == shard.state.oldest) return;
  pending_.writes->DeleteRange(format::record_key(id, shard.state.oldest),
                               format::record_key(id, to));
  records_ -= to - shard.state.oldest;
  shard.state.oldest = to;
  shard.state.bytes -= dropped;
  bytes_ -= dropped;
  pending_.states[id] = shard.state;
}

RecordStore::Batch RecordStore::take() {
  for (const auto& [id, state] : pending_.states) {
    pending_.writes->Put(format::state_key(id), format::encode(state));
  }
  disk_bytes_.reset();
  return std::exchange(pending_, Batch());
}

void RecordStore::commit(const Batch& batch) const {
  write_(*database_, *batch.writes);
}

void RecordStore::committed(const Batch& batch) {
  for (const auto& [id, state] : batch.states) {
    Shard& shard = shards_[id];
    shard.end = state.next;
    shard.latest_arrived_ms = state.latest_arrived_ms;
  }
  records_ += batch.records;
  unwritten_bytes_ -= batch.bytes;
  disk_bytes_.reset();
}

wire::Record RecordStore::record_at(const rocksdb::Iterator& at, const ShardId& shard,
                                    std::uint64_t sequence) const {
  const std::string& folder = folder_.path().native();
  require_ok(folder, at.status(), "cannot be read");
  wire::Record record;
  if (!at.Valid() || at.key() != format::record_key(shard, sequence) ||
      !record.ParseFromArray(at.value().data(), static_cast<int>(at.value().size()))) {
    throw damaged(folder, fmt::format("record {} of {} shard {} is missing", sequence, shard.stream,
                                      shard.shard));
  }
  record.set_sequence(sequence);
  return record;
}

// Arrivals never fall within a shard.
std::uint64_t RecordStore::first_arrived(const ShardId& id, const Shard& shard,
                                         std::uint64_t from_ms) const {
  const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator({}));
  std::uint64_t first = shard.state.oldest;
  std::uint64_t last = shard.end;
  while (first < last) {
    const std::uint64_t middle = first + (last - first) / 2;
    at->Seek(format::record_key(id, middle));
    if (record_at(*at, id, middle).arrived_ms() < from_ms) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

RecordStore::Page RecordStore::read(const ShardId& id, std::uint64_t from_sequence,
                                    std::uint32_t limit, std::uint64_t from_arrived_ms) const {
  Page page;
  const auto found = shards_.find(id);
  if (found == shards_.end()) return page;
  const Shard& shard = found->second;
  page.latest_arrived_ms = shard.latest_arrived_ms;
  page.next_sequence = std::clamp(from_sequence, shard.state.oldest, shard.end);
  if (from_arrived_ms > 0) {
    page.next_sequence = std::max(page.next_sequence, first_arrived(id, shard, from_arrived_ms));
  }
  if (page.next_sequence == shard.end) return page;
  const std::size_t most = std::min(limit == 0 ? kMaxPageRecords : limit, kMaxPageRecords);
  const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator({}));
  at->Seek(format::record_key(id, page.next_sequence));
  std::size_t bytes = 0;
  for (; page.next_sequence < shard.end && page.records.size() < most; at->Next()) {
    wire::Record record = record_at(*at, id, page.next_sequence);
    bytes += record.partition_key().size() + record.data().size();
    if (bytes > kMaxPageBytes && !page.records.empty()) break;
    page.records.push_back(std::move(record));
    ++page.next_sequence;
  }
  page.more = page.next_sequence < shard.end;
  return page;
}

}  // namespace ceiling
