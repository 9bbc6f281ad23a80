#include "workload/frontend/kinesis/body.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "workload/frontend/kinesis/api_error.h"
#include "workload/frontend/kinesis/json.h"
#include "workload/frontend/kinesis/outline.h"
#include "workload/protocol/base64.h"

namespace ceiling::frontend::kinesis {
namespace {

constexpr std::string_view type_name(Type type) {
  constexpr std::string_view kNames[] = {"a string",    "an integer",  "true or false", "a blob",
                                         "a timestamp", "a structure", "a list"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string member_path(std::string_view parent, std::string_view name) {
  std::string path(name);
  if (path.front() >= 'A' && path.front() <= 'Z') path.front() += 'a' - 'A';
  return parent.empty() ? path : fmt::format("{}.{}", parent, path);
}

bool is_inside_character(char utf8) {
  return (static_cast<unsigned char>(utf8) & 0xc0) == 0x80;
}

/// As messages show it; a record is not shown back to who sent it.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 128;
  if (text.size() <= kMost) return std::string(text);
  std::size_t end = kMost;
  while (is_inside_character(text[end])) --end;
  return std::string(text.substr(0, end)) + "...";
}

/// UTF-16 code units, which the service counts lengths in.
std::int64_t length_of(std::string_view utf8) {
  std::int64_t length = 0;
  for (const char c : utf8) {
    if (!is_inside_character(c)) length += static_cast<unsigned char>(c) >= 0xf0 ? 2 : 1;
  }
  return length;
}

/// The parser of JSON has seen to it, that of CBOR has not.
bool is_utf8(const Document& string) {
  try {
    string.dump();
    return true;
  } catch (const Document::type_error&) {
    return false;
  }
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_number(std::string_view text, std::size_t most_digits) {
  return !text.empty() && text.size() <= most_digits &&
         std::all_of(text.begin(), text.end(), is_digit) && (text.front() != '0' || text == "0");
}

bool matches(std::string_view text, Pattern pattern) {
  switch (pattern) {
    case Pattern::any:
      return true;
    case Pattern::name:
      return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               c == '.' || c == '-';
      });
    case Pattern::hash_key:
      return is_number(text, 39);
    case Pattern::sequence_number:
      return is_number(text, 129);
  }
  return false;
}

std::string_view regular_expression(Pattern pattern) {
  switch (pattern) {
    case Pattern::any:
      return ".*";
    case Pattern::name:
      return "[a-zA-Z0-9_.-]+";
    case Pattern::hash_key:
      return R"(0|([1-9]\d{0,38}))";
    case Pattern::sequence_number:
      return R"(0|([1-9]\d{0,128}))";
  }
  return "";
}

/// Walks a request and its table side by side.
class Reader {
 public:
  explicit Reader(Format format) : format_(format) {}

  Document structure(Document& given, std::span<const Member> members, const std::string& path) {
    if (!given.is_object()) throw wrong_type(path, Type::structure);
    Document taken = Document::object();
    for (const Member& member : members) {
      const std::string at = member_path(path, member.name);
      const auto found = given.find(member.name);
      if (found == given.end() || found->is_null()) {
        if (member.required) violated("null", at, "Member must not be null");
        continue;
      }
      taken.emplace(member.name, value(*found, member, at));
    }
    return taken;
  }

  void throw_violations() const {
    if (violations_.empty()) return;
    throw ApiError{400, "ValidationException",
                   fmt::format("{} validation error{} detected: {}", violations_.size(),
                               violations_.size() == 1 ? "" : "s", fmt::join(violations_, "; "))};
  }

 private:
  Document value(Document& given, const Member& member, const std::string& path) {
    switch (member.type) {
      case Type::string:
        return string(given, member, path);
      case Type::integer:
        return integer(given, member, path);
      case Type::boolean:
        if (!given.is_boolean()) throw wrong_type(path, Type::boolean);
        return std::move(given);
      case Type::blob:
        return blob(given, member, path);
      case Type::timestamp:
        return instant(given, path);
      case Type::structure:
        return structure(given, member.members, path);
      case Type::list:
        return list(given, member, path);
    }
    return nullptr;
  }

  Document string(Document& given, const Member& member, const std::string& path) {
    if (!given.is_string()) throw wrong_type(path, Type::string);
    const auto& text = given.get_ref<const std::string&>();
    if (format_ == Format::cbor && !is_utf8(given)) throw malformed(path + " is no UTF-8");
    const auto quoted = [&text] { return "'" + shown(text) + "'"; };
    check_bounds(length_of(text), member, quoted, path);
    if (!matches(text, member.pattern)) {
      violated(quoted(), path,
               fmt::format("Member must satisfy regular expression pattern: {}",
                           regular_expression(member.pattern)));
    }
    if (!member.values.empty() &&
        std::find(member.values.begin(), member.values.end(), text) == member.values.end()) {
      violated(
          quoted(), path,
          fmt::format("Member must satisfy enum value set: [{}]", fmt::join(member.values, ", ")));
    }
    return std::move(given);
  }

  Document integer(Document& given, const Member& member, const std::string& path) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    const bool fits = given.is_number_unsigned()
                          ? given.get<std::uint64_t>() <= kMost
                          : given.is_number_integer() && given.get<std::int64_t>() >= -kMost - 1;
    if (!fits) throw wrong_type(path, Type::integer);
    const auto number = given.get<std::int64_t>();
    const std::string quoted = fmt::format("'{}'", number);
    if (number < member.min) {
      violated(quoted, path,
               fmt::format("Member must have value greater than or equal to {}", member.min));
    }
    if (number > member.max) {
      violated(quoted, path,
               fmt::format("Member must have value less than or equal to {}", member.max));
    }
    return number;
  }

  Document blob(Document& given, const Member& member, const std::string& path) {
    std::vector<std::uint8_t> bytes;
    if (format_ == Format::cbor) {
      if (!given.is_binary()) throw wrong_type(path, Type::blob);
      bytes = std::move(given.get_binary());
    } else {
      if (!given.is_string()) throw wrong_type(path, Type::blob);
      const auto decoded = from_base64(given.get_ref<const std::string&>());
      if (!decoded) throw malformed(fmt::format("{} is no base64", path));
      bytes.assign(decoded->begin(), decoded->end());
    }
    const auto size = static_cast<std::int64_t>(bytes.size());
    check_bounds(
        size, member, [size] { return fmt::format("'{} bytes'", size); }, path);
    return Document::binary(std::move(bytes));
  }

  Document instant(const Document& given, const std::string& path) const {
    constexpr double kMostMs = 253402300799999;  // the year 9999
    if (!given.is_number()) throw wrong_type(path, Type::timestamp);
    const double ms = given.get<double>() * (format_ == Format::json ? 1000 : 1);
    if (!(ms >= 0 && ms <= kMostMs)) throw wrong_type(path, Type::timestamp);
    return static_cast<std::uint64_t>(std::llround(ms));
  }

  Document list(Document& given, const Member& member, const std::string& path) {
    if (!given.is_array()) throw wrong_type(path, Type::list);
    const auto size = static_cast<std::int64_t>(given.size());
    check_bounds(
        size, member, [size] { return fmt::format("'[{} members]'", size); }, path);
    Document taken = Document::array();
    if (size > member.max) return taken;
    int number = 0;
    for (Document& one : given) {
      taken.push_back(structure(one, member.members, fmt::format("{}.{}.member", path, ++number)));
    }
    return taken;
  }

  template <class Quoted>
  void check_bounds(std::int64_t length, const Member& member, const Quoted& quoted,
                    const std::string& path) {
    if (length < member.min) {
      violated(quoted(), path,
               fmt::format("Member must have length greater than or equal to {}", member.min));
    }
    if (length > member.max) {
      violated(quoted(), path,
               fmt::format("Member must have length less than or equal to {}", member.max));
    }
  }

  void violated(std::string_view quoted, const std::string& path, std::string_view constraint) {
    constexpr std::size_t kMostTold = 10;
    if (violations_.size() == kMostTold) return;
    violations_.push_back(
        fmt::format("Value {} at '{}' failed to satisfy constraint: {}", quoted, path, constraint));
  }

  static ApiError wrong_type(const std::string& path, Type type) {
    return malformed(
        fmt::format("{}: expected {}", path.empty() ? "the body" : path, type_name(type)));
  }

  Format format_;
  std::vector<std::string> violations_;
};

Document decode_json(std::string_view body) {
  if (!json_is_bounded(body)) {
    throw malformed("the body is no JSON of a request: too deep, or too many values");
  }
  auto document = parse_json(body);
  if (!document) throw malformed("the body is no JSON");
  return std::move(*document);
}

Document decode_cbor(std::string_view body) {
  const auto plain = bounded_cbor(body);
  if (!plain) {
    throw malformed("the body is no CBOR of a request: cut, too deep, or too many values");
  }
  Document document = Document::from_cbor(*plain, true, false);
  if (document.is_discarded()) throw malformed("the body is no CBOR");
  return document;
}

/// Blobs as base64.
void to_text(Document& document) {
  if (document.is_binary()) {
    const auto& bytes = document.get_binary();
    document = to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } else if (document.is_structured()) {
    for (Document& one : document) to_text(one);
  }
}

}  // namespace

std::optional<Format> format_of(std::string_view content_type) {
  const auto media = content_type.substr(0, content_type.find(';'));
  if (media == content_type_of(Format::json)) return Format::json;
  if (media == content_type_of(Format::cbor)) return Format::cbor;
  return std::nullopt;
}

std::string_view content_type_of(Format format) {
  return format == Format::json ? "application/x-amz-json-1.1" : "application/x-amz-cbor-1.1";
}

Document parse_request(std::string_view body, Format format, const Operation& operation) {
  Document document = body.empty()             ? Document::object()
                      : format == Format::json ? decode_json(body)
                                               : decode_cbor(body);
  Reader reader(format);
  Document request = reader.structure(document, operation.input, "");
  reader.throw_violations();
  return request;
}

std::string write_answer(const Document& answer, Format format) {
  if (format == Format::cbor) {
    std::string bytes;
    Document::to_cbor(answer, nlohmann::detail::output_adapter<char, std::string>(bytes));
    return bytes;
  }
  Document text = answer;
  to_text(text);
  // What a client sent comes back in messages; it need not be UTF-8.
  return text.dump(-1, ' ', false, Document::error_handler_t::replace);
}

Document timestamp(std::uint64_t ms, Format format) {
  if (format == Format::cbor) return ms;
  return static_cast<double>(ms) / 1000;
}

}  // namespace ceiling::frontend::kinesis
