#include "workload/frontend/kinesis/outline.h"

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

namespace ceiling::frontend::kinesis {
namespace {

/// Of items to come; no body is so long.
constexpr std::uint64_t kUntilBreak = std::numeric_limits<std::uint64_t>::max();
/// The argument of -2^63.
constexpr std::uint64_t kMostNegative = std::numeric_limits<std::int64_t>::max();

/// RFC 8949: heads of data items, one after the other.
class CborItems {
 public:
  explicit CborItems(std::string_view bytes) : bytes_(bytes) {}

  struct Head {
    int major = 0;
    std::uint64_t argument = 0;
    bool indefinite = false;  ///< of no length, but up to a break; with major 7 the break itself
  };

  std::size_t left() const { return bytes_.size(); }

  std::optional<Head> next() {
    if (bytes_.empty()) return std::nullopt;
    const auto first = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    Head head{first >> 5, first & 31U};
    if (head.argument == 31) {
      head.indefinite = true;
      return head.major >= 2 && head.major != 6 ? std::optional(head) : std::nullopt;
    }
    if (head.argument >= 28) return std::nullopt;
    if (head.argument >= 24) {
      const std::size_t size = std::size_t{1} << (head.argument - 24);
      if (bytes_.size() < size) return std::nullopt;
      head.argument = 0;
      for (const char byte : bytes_.substr(0, size)) {
        head.argument = head.argument << 8 | static_cast<unsigned char>(byte);
      }
      bytes_.remove_prefix(size);
    }
    return head;
  }

  /// The bytes of a string whose head has been read; in pieces, each with a length.
  bool skip_string(const Head& head) {
    if (!head.indefinite) return skip(head.argument);
    while (const auto piece = next()) {
      if (piece->major == 7 && piece->indefinite) return true;
      if (piece->major != head.major || piece->indefinite) return false;
      if (!skip(piece->argument)) return false;
    }
    return false;
  }

 private:
  bool skip(std::uint64_t size) {
    if (size > bytes_.size()) return false;
    bytes_.remove_prefix(static_cast<std::size_t>(size));
    return true;
  }

  std::string_view bytes_;
};

}  // namespace

bool json_is_bounded(std::string_view body) {
  std::size_t depth = 0;
  std::size_t values = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && depth > 0) --depth;
    if (c == '{' || c == '[' || c == ',') ++values;
    if (depth > kMostDepth || values > kMostValues) return false;
  }
  return true;
}

std::optional<std::string> bounded_cbor(std::string_view body) {
  CborItems items(body);
  std::string plain;
  plain.reserve(body.size());
  std::array<std::uint64_t, kMostDepth> open{};  // items still to come in each container
  std::size_t depth = 0;
  std::size_t tags = 0;
  for (std::size_t values = 0; values < kMostValues; ++values) {
    const std::size_t left = items.left();
    const auto head = items.next();
    if (!head) return std::nullopt;
    if (head->major == 6) {  // what it is the tag of follows
      if (++tags > kMostDepth) return std::nullopt;
      continue;
    }
    const bool is_break = head->major == 7 && head->indefinite;
    if (is_break && (tags > 0 || depth == 0 || open[depth - 1] != kUntilBreak)) return std::nullopt;
    tags = 0;
    if (head->major == 1 && head->argument > kMostNegative) return std::nullopt;
    const bool is_string = head->major == 2 || head->major == 3;
    if (is_string && !items.skip_string(*head)) return std::nullopt;
    plain += body.substr(body.size() - left, left - items.left());
    if ((head->major == 4 || head->major == 5) && head->argument != 0) {
      if (depth == kMostDepth) return std::nullopt;
      if (!head->indefinite && head->argument > body.size()) return std::nullopt;
      const std::uint64_t items_each = head->major == 5 ? 2 : 1;
      open[depth++] = head->indefinite ? kUntilBreak : items_each * head->argument;
      continue;
    }
    if (is_break) --depth;
    // An item has ended, and with it the containers that it was the last of.
    while (depth > 0 && open[depth - 1] != kUntilBreak && --open[depth - 1] == 0) --depth;
    if (depth == 0) return items.left() == 0 ? std::optional(std::move(plain)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace ceiling::frontend::kinesis
