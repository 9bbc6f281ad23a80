#include "harness/observe/client_log.h"

#include <cmath>

#include "harness/observe/history_fields.h"
#include "workload/protocol/hash_key.h"

namespace ceiling {
namespace {

// The API's bounds, in bytes: 128 and 256 characters.
constexpr std::size_t kLongestStream = 128;
constexpr std::size_t kLongestKey = 1024;

std::string bounded_text(const Fields& fields, const char* name, std::size_t longest) {
  std::string text = fields.text(name);
  if (text.empty() || text.size() > longest)
    throw Error(std::string(name) + ": expected 1 to " + std::to_string(longest) + " bytes");
  return text;
}

int shard_in(const Fields& fields) {
  const int shard = fields.integer<int>("shard");
  if (shard < 0) throw Error("shard: expected 0 or more");
  return shard;
}

std::uint64_t sequence_in(const Fields& fields) {
  const auto sequence = fields.integer<std::uint64_t>("sequence");
  if (sequence == 0) throw Error("sequence: expected 1 or more");
  return sequence;
}

std::string numbered(std::uint64_t id) {
  return "operation " + std::to_string(id);
}

}  // namespace

ClientLog::Line ClientLog::read(std::string_view line) {
  const Json object = object_of(line);
  const Fields fields(object);
  const double at_s = fields.number("at_s");
  if (!std::isfinite(at_s)) throw Error("at_s: expected a number");
  const auto id = fields.integer<std::uint64_t>("id");
  const OpPhase phase = phase_of(fields.text("phase"));
  return {at_s, phase == OpPhase::invoke ? begin(fields, id) : end(fields, id, phase)};
}

OpEvent ClientLog::begin(const Fields& fields, std::uint64_t id) {
  OpEvent op;
  op.id = id;
  op.kind = fields.text("kind");
  op.client = client_;
  op.stream = bounded_text(fields, "stream", kLongestStream);
  if (op.kind == "put") {
    op.key = bounded_text(fields, "key", kLongestKey);
    op.hash_key = fields.nullable_text("hash_key").value_or("");
    if (!op.hash_key.empty() && !hash_key_of_decimal(op.hash_key))
      throw Error("hash_key: expected a decimal number below 2^128");
  } else if (op.kind == "get") {
    op.shard = shard_in(fields);
  } else if (op.kind != "delete") {
    throw Error("kind: expected put, get or delete, found \"" + op.kind + "\"");
  }
  if (!begun_.emplace(id, Begun{op}).second) throw Error(numbered(id) + " has begun before");
  return op;
}

OpEvent ClientLog::end(const Fields& fields, std::uint64_t id, OpPhase phase) {
  const auto found = begun_.find(id);
  if (found == begun_.end()) throw Error(numbered(id) + " has not begun");
  OpEvent op = found->second.op;
  op.phase = phase;
  const bool many = op.kind == "get";
  if (!many && found->second.ended) throw Error(numbered(id) + " has ended before");
  if (phase == OpPhase::ok && op.kind != "delete") {
    if (many) op.key = bounded_text(fields, "key", kLongestKey);
    if (!many) op.shard = shard_in(fields);
    op.sequence = sequence_in(fields);
  }
  found->second.ended = true;
  return op;
}

}  // namespace ceiling
