#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace ceiling::frontend::kinesis {

/// The requests of the Kinesis Data Streams API (2013-12-02) as tables: what each may and must
/// hold. A test holds them to the model that botocore ships.

enum class Type { string, integer, boolean, blob, timestamp, structure, list };

/// `name` [a-zA-Z0-9_.-]+, `hash_key` 0|([1-9]\d{0,38}), `sequence_number` 0|([1-9]\d{0,128}).
enum class Pattern { any, name, hash_key, sequence_number };

inline constexpr std::int64_t kNoMost = std::numeric_limits<std::int64_t>::max();

struct Member {
  std::string_view name;
  Type type = Type::string;
  bool required = false;
  /// Of the length of a string, blob or list, of the value of an integer.
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = kNoMost;
  Pattern pattern = Pattern::any;
  std::span<const std::string_view> values{};  ///< the only ones; empty: any
  std::span<const Member> members{};           ///< of a structure, and of those in a list
};

/// The modes of a stream's capacity.
inline constexpr std::string_view kProvisioned = "PROVISIONED";
inline constexpr std::string_view kOnDemand = "ON_DEMAND";

struct Operation {
  std::string_view name;
  std::span<const Member> input;
};

std::span<const Operation> operations();
/// nullptr: no such operation.
const Operation* find_operation(std::string_view name);

}  // namespace ceiling::frontend::kinesis
