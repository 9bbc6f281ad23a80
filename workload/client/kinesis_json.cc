#include "workload/client/kinesis_json.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <charconv>
#include <nlohmann/json.hpp>

namespace ceiling {
namespace {

using Json = nlohmann::json;

std::string request(std::string_view host, std::string_view token, std::string_view operation,
                    const Json& body) {
  const std::string text = body.dump();
  return fmt::format(
      "POST / HTTP/1.1\r\nHost: {}\r\nX-Amz-Target: {}{}\r\nContent-Type: {}\r\n"
      "Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{}",
      host, http_api::kTargetPrefix, operation, http_api::kContentType, token, text.size(), text);
}

std::string base64(std::string_view data) {
  // EVP_EncodeBlock writes a terminating zero, which std::string has room for.
  std::string text((data.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(data.data()),
                  static_cast<int>(data.size()));
  return text;
}

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

std::string put_request(std::string_view host, std::string_view token, const std::string& stream,
                        const std::string& key, std::string_view data) {
  return request(host, token, "PutRecord",
                 {{"StreamName", stream}, {"PartitionKey", key}, {"Data", base64(data)}});
}

std::string get_request(std::string_view host, std::string_view token,
                        const http_api::Iterator& from) {
  return request(host, token, "GetRecords", {{"ShardIterator", from.text()}, {"Limit", 1}});
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
  if (text_at(record, "Data") != base64(data)) return "other data";
  return "";
}

std::string error_name(unsigned status, std::string_view body) {
  const std::string name = text_at(parse(body), "__type");
  return name.empty() ? fmt::format("HTTP {}", status) : name;
}

}  // namespace ceiling
