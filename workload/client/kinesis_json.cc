#include "workload/client/kinesis_json.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "workload/protocol/accounts.h"
#include "workload/protocol/base64.h"
#include "workload/protocol/http_api.h"
#include "workload/protocol/shard_iterator.h"

namespace ceiling {
namespace {

using Json = nlohmann::json;

Json parse(std::string_view body) {
  return Json::parse(body, nullptr, false);
}

/// Empty where there is no such text.
std::string text_at(const Json& object, const char* name) {
  if (!object.is_object()) return "";
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

std::optional<std::uint64_t> sequence_at(const Json& object) {
  const std::string digits = text_at(object, "SequenceNumber");
  std::uint64_t sequence = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), sequence);
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  return sequence;
}

}  // namespace

KinesisRequests::KinesisRequests(std::string token)
    : token_(std::move(token)),
      signer_({access_key_of(token_, kFleetAccount), secret_key_of(token_, kFleetAccount),
               std::string(kFleetAccount)},
              std::string(kRegion)) {}

std::string KinesisRequests::put(std::string_view host, const std::string& stream,
                                 const std::string& key, std::string_view data) {
  const Json body = {{"StreamName", stream}, {"PartitionKey", key}, {"Data", to_base64(data)}};
  return signed_request(host, "PutRecord", body.dump());
}

std::string KinesisRequests::get(std::string_view host, const std::string& stream, int shard,
                                 std::uint64_t sequence, int limit) {
  using namespace std::chrono;
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  const ShardIterator at{std::string(kFleetAccount), stream, static_cast<std::uint32_t>(shard),
                         sequence, static_cast<std::uint64_t>(now)};
  const Json body = {{"ShardIterator", seal(at, token_)}, {"Limit", limit}};
  return signed_request(host, "GetRecords", body.dump());
}

std::string KinesisRequests::signed_request(std::string_view host, std::string_view operation,
                                            const std::string& body) {
  const std::string target = fmt::format("{}{}", http_api::kTargetPrefix, operation);
  const std::string date = sigv4::amz_date(std::chrono::system_clock::now());
  const std::array headers{
      sigv4::Header{"host", host}, sigv4::Header{"content-type", http_api::kContentType},
      sigv4::Header{"x-amz-date", date}, sigv4::Header{"x-amz-target", target}};
  return fmt::format(
      "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: {}\r\nX-Amz-Date: {}\r\nX-Amz-Target: {}\r\n"
      "Authorization: {}\r\nContent-Length: {}\r\n\r\n{}",
      host, http_api::kContentType, date, target,
      signer_.authorization({"POST", "/", headers, body}), body.size(), body);
}

std::optional<Stored> parse_stored(std::string_view body) {
  const Json answer = parse(body);
  const auto shard = http_api::shard_of(text_at(answer, "ShardId"));
  const auto sequence = sequence_at(answer);
  if (!shard || !sequence) return std::nullopt;
  return Stored{*shard, *sequence};
}

std::string readback_problem(std::string_view body, std::string_view key, std::string_view data,
                             std::uint64_t sequence) {
  const Json answer = parse(body);
  if (!answer.is_object() || !answer.contains("Records") || !answer["Records"].is_array()) {
    return "answer without Records";
  }
  const Json& records = answer["Records"];
  if (records.empty()) return "record not there";
  const Json& record = records.front();
  if (sequence_at(record) != sequence) return "another sequence number";
  if (text_at(record, "PartitionKey") != key) return "another partition key";
  if (text_at(record, "Data") != to_base64(data)) return "other data";
  return "";
}

std::optional<std::uint64_t> last_sequence(std::string_view body) {
  const Json answer = parse(body);
  if (!answer.is_object() || !answer.contains("Records") || !answer["Records"].is_array() ||
      answer["Records"].empty()) {
    return std::nullopt;
  }
  return sequence_at(answer["Records"].back());
}

std::string error_name(unsigned status, std::string_view body) {
  const std::string name = text_at(parse(body), "__type");
  return name.empty() ? fmt::format("HTTP {}", status) : name;
}

}  // namespace ceiling
