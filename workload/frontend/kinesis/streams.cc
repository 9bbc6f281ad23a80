#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "workload/frontend/kinesis/clock.h"
#include "workload/frontend/kinesis/operations.h"
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

Document hash_key_range(const wire::Shard& shard) {
  const HashRange range = wire::range_of(shard).value();
  return {{"StartingHashKey", to_decimal(range.first)}, {"EndingHashKey", to_decimal(range.last)}};
}

Document shard_document(const wire::Shard& shard) {
  Document sequences = {{"StartingSequenceNumber", "1"}};
  if (shard.end() > 0) sequences["EndingSequenceNumber"] = std::to_string(shard.end());
  Document document = {{"ShardId", http_api::shard_id(static_cast<int>(shard.number()))},
                       {"HashKeyRange", hash_key_range(shard)},
                       {"SequenceNumberRange", std::move(sequences)}};
  constexpr const char* kParents[] = {"ParentShardId", "AdjacentParentShardId"};
  for (int i = 0; i < std::min(shard.parents_size(), 2); ++i) {
    document[kParents[i]] = http_api::shard_id(static_cast<int>(shard.parents(i)));
  }
  return document;
}

/// The first shard after the one with this id.
std::size_t shard_after(const Document& request, const char* member) {
  const auto id = request.find(member);
  if (id == request.end()) return 0;
  const auto shard = http_api::shard_of(id->get_ref<const std::string&>());
  if (!shard) throw invalid_argument(fmt::format("{}: no id of a shard", member));
  return static_cast<std::size_t>(*shard) + 1;
}

Document shard_page(std::span<const wire::Shard> shards) {
  Document page = Document::array();
  for (const wire::Shard& shard : shards) page.push_back(shard_document(shard));
  return page;
}

/// Where listing begins, and whether closed shards are left out. What was there at a time in the
/// past is not kept: since then on, and at that time, are answered as from the oldest record on.
struct Filter {
  std::size_t first = 0;
  bool open_only = false;
};
Filter filter_of(const Document& request) {
  const auto filter = request.find("ShardFilter");
  if (filter == request.end()) return {};
  const auto type = filter->at("Type").get<std::string>();
  const bool by_time = type == "AT_TIMESTAMP" || type == "FROM_TIMESTAMP";
  const bool by_id = type == "AFTER_SHARD_ID";
  if (by_time != filter->contains("Timestamp") || by_id != filter->contains("ShardId")) {
    throw invalid_argument(
        "ShardFilter: AFTER_SHARD_ID goes with ShardId, AT_TIMESTAMP and FROM_TIMESTAMP with "
        "Timestamp, and no other type with either");
  }
  return {by_id ? shard_after(*filter, "ShardId") : 0, type == "AT_LATEST"};
}

}  // namespace

/// CREATING and UPDATING last until this frontend routes every shard of it.
std::string_view Service::status_of(const wire::Stream& stream) {
  if (!stream.of_a_client()) return "ACTIVE";
  const std::string& id = wire::id_of(stream);
  int& routed = routed_[id];
  while (routed < stream.made_size() && map_.by_shard(id, routed)) ++routed;
  if (routed == stream.made_size()) return "ACTIVE";
  return routed == 0 ? "CREATING" : "UPDATING";
}

/// What both ways to describe a stream say.
Document Service::common_description(const Context& context, const wire::Stream& stream) {
  return {{"StreamName", stream.name()},
          {"StreamARN", fmt::format("arn:aws:kinesis:{}:{}:stream/{}", kRegion, stream.account(),
                                    stream.name())},
          {"StreamStatus", status_of(stream)},
          {"StreamModeDetails", {{"StreamMode", stream.on_demand() ? kOnDemand : kProvisioned}}},
          {"RetentionPeriodHours", 24},
          {"StreamCreationTimestamp", timestamp(stream.created_ms(), context.format)},
          {"EnhancedMonitoring", {{{"ShardLevelMetrics", Document::array()}}}},
          {"EncryptionType", "NONE"}};
}

const wire::Stream* Service::stream_with(const std::string& id) const {
  if (!configuration_) return nullptr;
  for (const wire::Stream& stream : configuration_->streams()) {
    if (wire::id_of(stream) == id) return &stream;
  }
  return nullptr;
}

Document Service::child_shards(const std::string& stream_id, int shard) const {
  Document children = Document::array();
  const wire::Stream* const stream = stream_with(stream_id);
  if (stream == nullptr) return children;
  for (const wire::Shard& child : stream->made()) {
    const auto& parents = child.parents();
    const auto number = static_cast<std::uint32_t>(shard);
    if (std::find(parents.begin(), parents.end(), number) == parents.end()) continue;
    Document ids = Document::array();
    for (const auto parent : parents) ids.push_back(http_api::shard_id(static_cast<int>(parent)));
    children.push_back({{"ShardId", http_api::shard_id(static_cast<int>(child.number()))},
                        {"ParentShards", std::move(ids)},
                        {"HashKeyRange", hash_key_range(child)}});
  }
  return children;
}

void Service::describe_stream(const Shared& context) {
  const wire::Stream& stream = stream_of(*context);
  const std::vector<wire::Shard> shards = wire::shards_of(stream);
  const std::size_t first =
      std::min(shards.size(), shard_after(context->request, "ExclusiveStartShardId"));
  const std::size_t count =
      std::min(shards.size() - first, context->request.value("Limit", kDescribedShardsAPage));
  Document description = common_description(*context, stream);
  description["Shards"] = shard_page(std::span(shards).subspan(first, count));
  description["HasMoreShards"] = first + count < shards.size();
  succeed(*context, {{"StreamDescription", std::move(description)}});
}

void Service::describe_stream_summary(const Shared& context) {
  const wire::Stream& stream = stream_of(*context);
  const std::vector<wire::Shard> shards = wire::shards_of(stream);
  Document description = common_description(*context, stream);
  description["OpenShardCount"] = std::count_if(
      shards.begin(), shards.end(), [](const wire::Shard& shard) { return !shard.closed(); });
  description["ConsumerCount"] = 0;
  succeed(*context, {{"StreamDescriptionSummary", std::move(description)}});
}

void Service::list_shards(const Shared& context) {
  const Document& request = context->request;
  const std::string token_key = "next token " + token_;
  const auto next = request.find("NextToken");
  std::string name;
  Filter filter;
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
    filter = {token->shard, token->sequence != 0};
  } else if (const auto given = request.find("StreamName"); given != request.end()) {
    name = given->get<std::string>();
    filter = filter_of(request);
    filter.first = std::max(filter.first, shard_after(request, "ExclusiveStartShardId"));
  } else {
    throw invalid_argument("Either NextToken or StreamName should be provided.");
  }
  const wire::Stream& stream = stream_named(context->account, name);
  std::vector<wire::Shard> shards;
  for (wire::Shard& shard : wire::shards_of(stream)) {
    const bool wanted = shard.number() >= filter.first && !(filter.open_only && shard.closed());
    if (wanted) shards.push_back(std::move(shard));
  }
  const std::size_t count =
      std::min(shards.size(), request.value("MaxResults", kListedShardsAPage));
  Document answer = {{"Shards", shard_page(std::span(shards).first(count))}};
  if (count < shards.size()) {
    const ShardIterator at{context->account, name, shards[count].number(),
                           filter.open_only ? 1U : 0U, now_ms()};
    answer["NextToken"] = seal(at, token_key);
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
