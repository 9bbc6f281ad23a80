#include <fmt/format.h>

#include <utility>

#include "workload/frontend/kinesis/operations.h"
#include "workload/frontend/kinesis/service.h"
#include "workload/protocol/http_api.h"

// What the Service hands on to membership: changes of the streams.

namespace ceiling::frontend::kinesis {
namespace {

/// As the service has it where nothing is said.
constexpr std::uint32_t kShards = 4;

std::uint32_t shard_number(const Document& request, const char* member) {
  const auto id = request.at(member).get<std::string>();
  const auto shard = http_api::shard_of(id);
  if (shard && http_api::shard_id(*shard) == id) return static_cast<std::uint32_t>(*shard);
  throw not_found(fmt::format("Could not find shard {} in stream {}.", id,
                              request.at("StreamName").get<std::string>()));
}

}  // namespace

void Service::ask_membership(const Shared& context, wire::Change change) {
  change.set_account(context->account);
  change.set_stream(context->request.at("StreamName").get<std::string>());
  change_(std::move(change), [this, context](const wire::ChangeDone& done) {
    if (done.error().empty()) return succeed(*context, nullptr);
    fail(*context, {done.error() == "InternalFailure" ? 500 : 400, done.error(), done.reason()});
  });
}

void Service::create_stream(const Shared& context) {
  const Document& request = context->request;
  const auto mode = request.find("StreamModeDetails");
  wire::Change change;
  change.set_on_demand(mode != request.end() && mode->at("StreamMode") == kOnDemand);
  if (change.on_demand() && request.contains("ShardCount")) {
    throw ApiError{400, "ValidationException",
                   "ShardCount goes with StreamMode PROVISIONED; found ON_DEMAND"};
  }
  change.set_create(request.value("ShardCount", kShards));
  ask_membership(context, std::move(change));
}

void Service::delete_stream(const Shared& context) {
  wire::Change change;
  change.set_remove(true);
  ask_membership(context, std::move(change));
}

void Service::split_shard(const Shared& context) {
  const auto& digits = context->request.at("NewStartingHashKey").get_ref<const std::string&>();
  const auto at = hash_key_of_decimal(digits);
  if (!at) {
    throw invalid_argument(
        fmt::format("NewStartingHashKey {} is not in the range [0, 2^128-1]", digits));
  }
  wire::Change change;
  change.mutable_split()->set_shard(shard_number(context->request, "ShardToSplit"));
  change.mutable_split()->set_at(wire::bytes_of(*at));
  ask_membership(context, std::move(change));
}

void Service::merge_shards(const Shared& context) {
  wire::Change change;
  change.mutable_merge()->set_shard(shard_number(context->request, "ShardToMerge"));
  change.mutable_merge()->set_other(shard_number(context->request, "AdjacentShardToMerge"));
  ask_membership(context, std::move(change));
}

}  // namespace ceiling::frontend::kinesis
