#include "workload/frontend/kinesis/operations.h"

#include <algorithm>
#include <array>

namespace ceiling::frontend::kinesis {
namespace {

constexpr Member name_of_128(std::string_view name, bool required) {
  return {name, Type::string, required, 1, 128, Pattern::name};
}
constexpr Member integer(std::string_view name, std::int64_t min, std::int64_t max) {
  return {name, Type::integer, false, min, max};
}
constexpr Member hash_key(std::string_view name, bool required) {
  return {name, Type::string, required, 0, kNoMost, Pattern::hash_key};
}
constexpr Member sequence_number(std::string_view name) {
  return {name, Type::string, false, 0, kNoMost, Pattern::sequence_number};
}

constexpr Member kStreamName = name_of_128("StreamName", true);
constexpr Member kData = {"Data", Type::blob, true, 0, 1 << 20};
constexpr Member kPartitionKey = {"PartitionKey", Type::string, true, 1, 256};

constexpr std::string_view kIteratorTypes[] = {"AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP",
                                               "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"};
constexpr std::string_view kStreamModes[] = {kProvisioned, kOnDemand};
constexpr std::string_view kFilterTypes[] = {"AFTER_SHARD_ID",    "AT_TRIM_HORIZON",
                                             "FROM_TRIM_HORIZON", "AT_LATEST",
                                             "AT_TIMESTAMP",      "FROM_TIMESTAMP"};

constexpr Member kShardFilter[] = {
    {.name = "Type", .required = true, .values = kFilterTypes},
    name_of_128("ShardId", false),
    {"Timestamp", Type::timestamp},
};
constexpr Member kEntry[] = {kData, hash_key("ExplicitHashKey", false), kPartitionKey};

constexpr Member kStreamModeDetails[] = {
    {.name = "StreamMode", .required = true, .values = kStreamModes},
};

constexpr Member kCreateStream[] = {
    kStreamName,
    integer("ShardCount", 1, kNoMost),
    {.name = "StreamModeDetails", .type = Type::structure, .members = kStreamModeDetails},
};
constexpr Member kDeleteStream[] = {kStreamName, {"EnforceConsumerDeletion", Type::boolean}};
constexpr Member kDescribeStream[] = {kStreamName, integer("Limit", 1, 10000),
                                      name_of_128("ExclusiveStartShardId", false)};
constexpr Member kDescribeStreamSummary[] = {kStreamName};
constexpr Member kGetRecords[] = {{"ShardIterator", Type::string, true, 1, 512},
                                  integer("Limit", 1, 10000)};
constexpr Member kGetShardIterator[] = {
    kStreamName,
    name_of_128("ShardId", true),
    {.name = "ShardIteratorType", .required = true, .values = kIteratorTypes},
    sequence_number("StartingSequenceNumber"),
    {"Timestamp", Type::timestamp},
};
constexpr Member kListShards[] = {
    name_of_128("StreamName", false),
    {"NextToken", Type::string, false, 1, 1048576},
    name_of_128("ExclusiveStartShardId", false),
    integer("MaxResults", 1, 10000),
    {"StreamCreationTimestamp", Type::timestamp},
    {.name = "ShardFilter", .type = Type::structure, .members = kShardFilter},
};
constexpr Member kListStreams[] = {integer("Limit", 1, 10000),
                                   name_of_128("ExclusiveStartStreamName", false)};
constexpr Member kMergeShards[] = {kStreamName, name_of_128("ShardToMerge", true),
                                   name_of_128("AdjacentShardToMerge", true)};
constexpr Member kPutRecord[] = {kStreamName, kData, kPartitionKey,
                                 hash_key("ExplicitHashKey", false),
                                 sequence_number("SequenceNumberForOrdering")};
constexpr Member kPutRecords[] = {{.name = "Records",
                                   .type = Type::list,
                                   .required = true,
                                   .min = 1,
                                   .max = 500,
                                   .members = kEntry},
                                  kStreamName};

constexpr Member kSplitShard[] = {kStreamName, name_of_128("ShardToSplit", true),
                                  hash_key("NewStartingHashKey", true)};

constexpr std::array kOperations = {
    Operation{"CreateStream", kCreateStream},
    Operation{"DeleteStream", kDeleteStream},
    Operation{"DescribeStream", kDescribeStream},
    Operation{"DescribeStreamSummary", kDescribeStreamSummary},
    Operation{"GetRecords", kGetRecords},
    Operation{"GetShardIterator", kGetShardIterator},
    Operation{"ListShards", kListShards},
    Operation{"ListStreams", kListStreams},
    Operation{"MergeShards", kMergeShards},
    Operation{"PutRecord", kPutRecord},
    Operation{"PutRecords", kPutRecords},
    Operation{"SplitShard", kSplitShard},
};

}  // namespace

std::span<const Operation> operations() {
  return kOperations;
}

const Operation* find_operation(std::string_view name) {
  const auto found = std::find_if(kOperations.begin(), kOperations.end(),
                                  [&](const Operation& one) { return one.name == name; });
  return found == kOperations.end() ? nullptr : &*found;
}

}  // namespace ceiling::frontend::kinesis
