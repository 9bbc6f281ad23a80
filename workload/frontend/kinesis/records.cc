#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "workload/frontend/kinesis/clock.h"
#include "workload/frontend/kinesis/service.h"
#include "workload/protocol/http_api.h"
#include "workload/protocol/shard_iterator.h"

// What the Service does with records.

namespace ceiling::frontend::kinesis {
namespace {

constexpr std::uint32_t kMostRecords = 10'000;
constexpr std::size_t kMostPutRecordsBytes = 5 << 20;
constexpr std::uint64_t kPastTheEnd = std::numeric_limits<std::int64_t>::max();

std::string_view bytes_of(const Document& blob) {
  const auto& bytes = blob.get_binary();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Document blob_of(const std::string& bytes) {
  return Document::binary(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
}

/// Where a record belongs.
HashKey key_of(const Document& record) {
  const auto given = record.find("ExplicitHashKey");
  if (given == record.end()) {
    return hash_key(record.at("PartitionKey").get_ref<const std::string&>());
  }
  const auto key = hash_key_of_decimal(given->get_ref<const std::string&>());
  if (!key) {
    throw invalid_argument(
        fmt::format("Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
                    "Specified value was {}",
                    given->get<std::string>()));
  }
  return *key;
}

std::uint64_t sequence_of(const Document& request) {
  const auto found = request.find("StartingSequenceNumber");
  if (found == request.end()) {
    throw invalid_argument(fmt::format("{} needs StartingSequenceNumber",
                                       request.at("ShardIteratorType").get<std::string>()));
  }
  const auto& digits = found->get_ref<const std::string&>();
  std::uint64_t sequence = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), sequence);
  if (parsed.ec != std::errc{} || sequence >= kPastTheEnd) {
    throw invalid_argument(
        fmt::format("StartingSequenceNumber {} was never given in this shard", digits));
  }
  return sequence;
}

/// The number in the id of a shard that `stream` has.
int shard_of(const wire::Stream& stream, const std::string& id) {
  const auto shard = http_api::shard_of(id);
  const auto shards = wire::shards_of(stream).size();
  if (!shard || static_cast<std::size_t>(*shard) >= shards || http_api::shard_id(*shard) != id) {
    throw not_found(fmt::format("Shard {} in stream {} under account {} does not exist", id,
                                stream.name(), stream.account()));
  }
  return *shard;
}

}  // namespace

Service::Question Service::put_question(const Document& record, const std::string& stream) const {
  const HashKey key = key_of(record);
  wire::Put put;
  put.set_stream(stream);
  put.set_partition_key(record.at("PartitionKey").get<std::string>());
  put.set_data(std::string(bytes_of(record.at("Data"))));
  Question question;
  question.find = [this, stream, key] { return map_.by_key(stream, key); };
  question.make = [put = std::move(put)](const Destination& to) {
    wire::Envelope request;
    *request.mutable_put() = put;
    request.mutable_put()->set_shard(static_cast<std::uint32_t>(to.shard));
    request.mutable_put()->set_epoch(to.epoch);
    return request;
  };
  return question;
}

Service::Question Service::get_question(const std::string& stream, int shard,
                                        const wire::Get& get) const {
  Question question;
  question.find = [this, stream, shard] { return map_.by_shard(stream, shard); };
  question.make = [get, stream](const Destination& to) {
    wire::Envelope request;
    *request.mutable_get() = get;
    request.mutable_get()->set_stream(stream);
    request.mutable_get()->set_shard(static_cast<std::uint32_t>(to.shard));
    request.mutable_get()->set_epoch(to.epoch);
    return request;
  };
  return question;
}

void Service::put_record(const Shared& context) {
  Question question = put_question(context->request, wire::id_of(stream_of(*context)));
  question.answered = [this, context](const wire::Envelope& answer, const Destination& to) {
    succeed(*context, {{"ShardId", http_api::shard_id(to.shard)},
                       {"SequenceNumber", std::to_string(answer.put_done().sequence())},
                       {"EncryptionType", "NONE"}});
  };
  question.failed = [this, context](const ApiError& error) { fail(*context, error); };
  ask(std::move(question));
}

void Service::put_records(const Shared& context) {
  const std::string stream = wire::id_of(stream_of(*context));
  const Document& records = context->request.at("Records");
  std::size_t bytes = 0;
  for (const Document& record : records) {
    bytes += bytes_of(record.at("Data")).size() +
             record.at("PartitionKey").get_ref<const std::string&>().size();
  }
  if (bytes > kMostPutRecordsBytes) {
    throw invalid_argument(fmt::format("Records: {} bytes of data and partition keys, at most {}",
                                       bytes, kMostPutRecordsBytes));
  }
  std::vector<Question> questions;
  for (const Document& record : records) {
    questions.push_back(put_question(record, stream));
  }
  /// Each record is stored or fails by itself.
  struct Batch {
    std::vector<Document> results;
    std::size_t open = 0;
    std::size_t failed = 0;
  };
  const auto batch = std::make_shared<Batch>();
  batch->results.resize(questions.size());
  batch->open = questions.size();
  const auto settle_one = [this, context, batch](std::size_t place, Document result) {
    batch->results[place] = std::move(result);
    if (--batch->open > 0) return;
    succeed(*context, {{"FailedRecordCount", batch->failed},
                       {"Records", std::move(batch->results)},
                       {"EncryptionType", "NONE"}});
  };
  for (std::size_t place = 0; place < questions.size(); ++place) {
    questions[place].answered = [settle_one, place](const wire::Envelope& answer,
                                                    const Destination& to) {
      settle_one(place, {{"ShardId", http_api::shard_id(to.shard)},
                         {"SequenceNumber", std::to_string(answer.put_done().sequence())}});
    };
    questions[place].failed = [settle_one, batch, place](const ApiError& error) {
      ++batch->failed;
      settle_one(place, {{"ErrorCode", error.type}, {"ErrorMessage", error.message}});
    };
  }
  for (Question& question : questions) ask(std::move(question));
}

void Service::get_shard_iterator(const Shared& context) {
  const Document& request = context->request;
  const wire::Stream& stream = stream_of(*context);
  const int shard = shard_of(stream, request.at("ShardId").get<std::string>());
  const auto type = request.at("ShardIteratorType").get<std::string>();
  const auto answer = [this, context, id = wire::id_of(stream), shard](std::uint64_t sequence) {
    succeed(*context, {{"ShardIterator", seal_iterator(*context, id, shard, sequence)}});
  };
  if (type == "TRIM_HORIZON") return answer(0);
  if (type == "AT_SEQUENCE_NUMBER") return answer(sequence_of(request));
  if (type == "AFTER_SEQUENCE_NUMBER") return answer(sequence_of(request) + 1);

  wire::Get get;
  get.set_limit(1);
  get.set_only_where(true);
  if (type == "LATEST") {
    get.set_from_sequence(kPastTheEnd);
  } else {
    const auto from = request.find("Timestamp");
    if (from == request.end()) throw invalid_argument("AT_TIMESTAMP needs Timestamp");
    get.set_from_arrived_ms(std::max<std::uint64_t>(from->get<std::uint64_t>(), 1));
  }
  Question question = get_question(wire::id_of(stream), shard, get);
  question.answered = [answer](const wire::Envelope& found, const Destination&) {
    const wire::GetDone& done = found.get_done();
    answer(done.records().empty() ? done.next_sequence() : done.records(0).sequence());
  };
  question.failed = [this, context](const ApiError& error) { fail(*context, error); };
  ask(std::move(question));
}

void Service::get_records(const Shared& context) {
  const Document& request = context->request;
  const auto iterator =
      open_iterator(request.at("ShardIterator").get_ref<const std::string&>(), token_);
  if (!iterator || iterator->account != context->account) {
    throw invalid_argument("Invalid ShardIterator.");
  }
  const std::uint64_t now = now_ms();
  const std::chrono::milliseconds life = ShardIterator::kLife;
  if (now > iterator->issued_ms + static_cast<std::uint64_t>(life.count())) {
    throw ApiError{400, "ExpiredIteratorException",
                   fmt::format("Iterator expired. The iterator was created at {} ms while right "
                               "now it is {} ms, which is more than the tolerated {} ms later.",
                               iterator->issued_ms, now, life.count())};
  }
  const int shard = static_cast<int>(iterator->shard);
  if (stream_with(iterator->stream) == nullptr) {
    throw not_found("The stream of the iterator has been deleted.");
  }
  wire::Get get;
  get.set_from_sequence(iterator->sequence);
  get.set_limit(request.value("Limit", kMostRecords));
  Question question = get_question(iterator->stream, shard, get);
  question.answered = [this, context, shard, id = iterator->stream](const wire::Envelope& answer,
                                                                    const Destination&) {
    const wire::GetDone& done = answer.get_done();
    Document records = Document::array();
    for (const wire::Record& record : done.records()) {
      records.push_back(
          {{"SequenceNumber", std::to_string(record.sequence())},
           {"ApproximateArrivalTimestamp", timestamp(record.arrived_ms(), context->format)},
           {"Data", blob_of(record.data())},
           {"PartitionKey", record.partition_key()},
           {"EncryptionType", "NONE"}});
    }
    std::uint64_t behind = 0;
    if (done.more() && !done.records().empty()) {
      const std::uint64_t read = done.records().rbegin()->arrived_ms();
      behind = std::max<std::uint64_t>(1, done.latest_arrived_ms() - read);
    }
    Document page = {{"Records", std::move(records)}, {"MillisBehindLatest", behind}};
    Document children = done.more() ? Document() : child_shards(id, shard);
    if (children.empty()) {
      page["NextShardIterator"] = seal_iterator(*context, id, shard, done.next_sequence());
    } else {
      page["ChildShards"] = std::move(children);
    }
    succeed(*context, page);
  };
  question.failed = [this, context](const ApiError& error) { fail(*context, error); };
  ask(std::move(question));
}

std::string Service::seal_iterator(const Context& context, const std::string& stream, int shard,
                                   std::uint64_t sequence) const {
  return seal({context.account, stream, static_cast<std::uint32_t>(shard), sequence, now_ms()},
              token_);
}

}  // namespace ceiling::frontend::kinesis
