#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "workload/frontend/kinesis/clock.h"
#include "workload/frontend/kinesis/service.h"
#include "workload/protocol/accounts.h"
#include "workload/protocol/http_api.h"
#include "workload/protocol/shard_iterator.h"

// What the Service says about streams and their shards.

namespace ceiling::frontend::kinesis {
namespace {

constexpr std::size_t kStreamsAPage = 100;
constexpr std::size_t kDescribedShardsAPage = 100;
constexpr std::size_t kListedShardsAPage = 1000;

Document shard_document(const wire::Stream& stream, std::size_t shard) {
  const HashRange range = shard_range(static_cast<int>(shard), static_cast<int>(stream.shards()));
  return {
      {"ShardId", http_api::shard_id(static_cast<int>(shard))},
      {"HashKeyRange",
       {{"StartingHashKey", to_decimal(range.first)}, {"EndingHashKey", to_decimal(range.last)}}},
      {"SequenceNumberRange", {{"StartingSequenceNumber", "1"}}}};
}

/// What both ways to describe a stream say.
Document common_description(const wire::Stream& stream, Format format) {
  return {{"StreamName", stream.name()},
          {"StreamARN", fmt::format("arn:aws:kinesis:{}:{}:stream/{}", kRegion, stream.account(),
                                    stream.name())},
          {"StreamStatus", "ACTIVE"},
          {"StreamModeDetails", {{"StreamMode", "PROVISIONED"}}},
          {"RetentionPeriodHours", 24},
          {"StreamCreationTimestamp", timestamp(stream.created_ms(), format)},
          {"EnhancedMonitoring", {{{"ShardLevelMetrics", Document::array()}}}},
          {"EncryptionType", "NONE"}};
}

/// The first shard after the one with this id.
std::size_t shard_after(const Document& request, const char* member) {
  const auto id = request.find(member);
  if (id == request.end()) return 0;
  const auto shard = http_api::shard_of(id->get_ref<const std::string&>());
  if (!shard) throw invalid_argument(fmt::format("{}: no id of a shard", member));
  return static_cast<std::size_t>(*shard) + 1;
}

Document shard_page(const wire::Stream& stream, std::size_t first, std::size_t end) {
  Document shards = Document::array();
  for (std::size_t shard = first; shard < end; ++shard) {
    shards.push_back(shard_document(stream, shard));
  }
  return shards;
}

/// Every shard is open and was there from the start: a filter leaves out by id alone.
std::size_t filtered(const Document& request) {
  const auto filter = request.find("ShardFilter");
  if (filter == request.end()) return 0;
  const auto type = filter->at("Type").get<std::string>();
  const bool by_time = type == "AT_TIMESTAMP" || type == "FROM_TIMESTAMP";
  const bool by_id = type == "AFTER_SHARD_ID";
  if (by_time != filter->contains("Timestamp") || by_id != filter->contains("ShardId")) {
    throw invalid_argument(
        "ShardFilter: AFTER_SHARD_ID goes with ShardId, AT_TIMESTAMP and "
        "FROM_TIMESTAMP with Timestamp, and no other type with either");
  }
  return by_id ? shard_after(*filter, "ShardId") : 0;
}

}  // namespace

void Service::describe_stream(const Shared& context) {
  const wire::Stream& stream = stream_of(*context);
  const std::size_t shards = stream.shards();
  const std::size_t first =
      std::min(shards, shard_after(context->request, "ExclusiveStartShardId"));
  const std::size_t end =
      std::min(shards, first + context->request.value("Limit", kDescribedShardsAPage));
  Document description = common_description(stream, context->format);
  description["Shards"] = shard_page(stream, first, end);
  description["HasMoreShards"] = end < shards;
  succeed(*context, {{"StreamDescription", std::move(description)}});
}

void Service::describe_stream_summary(const Shared& context) {
  const wire::Stream& stream = stream_of(*context);
  Document description = common_description(stream, context->format);
  description["OpenShardCount"] = stream.shards();
  description["ConsumerCount"] = 0;
  succeed(*context, {{"StreamDescriptionSummary", std::move(description)}});
}

void Service::list_shards(const Shared& context) {
  const Document& request = context->request;
  const std::string token_key = "next token " + token_;
  const auto next = request.find("NextToken");
  std::string name;
  std::size_t first = 0;
  if (next != request.end()) {
    for (const char* other : {"StreamName", "ExclusiveStartShardId", "StreamCreationTimestamp"}) {
      if (request.contains(other)) {
        throw invalid_argument(fmt::format("NextToken and {} cannot be provided together.", other));
      }
    }
    const auto token = open_iterator(next->get_ref<const std::string&>(), token_key);
    if (!token || token->account != context->account) throw invalid_argument("Invalid NextToken.");
    const std::chrono::milliseconds life = ShardIterator::kLife;
    if (now_ms() > token->issued_ms + static_cast<std::uint64_t>(life.count())) {
      throw ApiError{400, "ExpiredNextTokenException", "NextToken is older than 300 seconds"};
    }
    name = token->stream;
    first = token->shard;
  } else if (const auto given = request.find("StreamName"); given != request.end()) {
    name = given->get<std::string>();
    first = std::max(shard_after(request, "ExclusiveStartShardId"), filtered(request));
  } else {
    throw invalid_argument("Either NextToken or StreamName should be provided.");
  }
  const wire::Stream& stream = stream_named(context->account, name);
  const std::size_t shards = stream.shards();
  first = std::min(first, shards);
  const std::size_t end = std::min(shards, first + request.value("MaxResults", kListedShardsAPage));
  Document answer = {{"Shards", shard_page(stream, first, end)}};
  if (end < shards) {
    answer["NextToken"] =
        seal({context->account, name, static_cast<std::uint32_t>(end), 0, now_ms()}, token_key);
  }
  succeed(*context, answer);
}

void Service::list_streams(const Shared& context) {
  if (!configuration_) throw internal_failure("this frontend has no configuration yet");
  const Document& request = context->request;
  std::set<std::string> names;
  for (const wire::Stream& stream : configuration_->streams()) {
    if (stream.account() == context->account) names.insert(stream.name());
  }
  auto name = names.begin();
  if (const auto after = request.find("ExclusiveStartStreamName"); after != request.end()) {
    name = names.upper_bound(after->get<std::string>());
  }
  const std::size_t most = request.value("Limit", kStreamsAPage);
  Document page = Document::array();
  for (; name != names.end() && page.size() < most; ++name) page.push_back(*name);
  succeed(*context, {{"StreamNames", std::move(page)}, {"HasMoreStreams", name != names.end()}});
}

}  // namespace ceiling::frontend::kinesis
