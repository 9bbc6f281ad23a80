#include "workload/frontend/kinesis/json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ceiling::frontend::kinesis {
namespace {

namespace json = boost::json;

/// What Boost's parser tells, as a document.
struct Builder {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  using Error = json::error_code;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return begin(Document::object()); }
  bool on_object_end(std::size_t, Error&) { return end(); }
  bool on_array_begin(Error&) { return begin(Document::array()); }
  bool on_array_end(std::size_t, Error&) { return end(); }
  bool on_key_part(json::string_view part, std::size_t, Error&) { return gather(part); }
  bool on_key(json::string_view rest, std::size_t, Error&) {
    gather(rest);
    key = std::exchange(text, {});
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, Error&) { return gather(part); }
  bool on_string(json::string_view rest, std::size_t, Error&) {
    gather(rest);
    return add(std::exchange(text, {}));
  }
  bool on_number_part(json::string_view, Error&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, Error&) {
    if (number < 0) return add(number);
    return add(static_cast<std::uint64_t>(number));
  }
  bool on_uint64(std::uint64_t number, json::string_view, Error&) { return add(number); }
  bool on_double(double number, json::string_view, Error& error) {
    if (std::isfinite(number)) return add(number);
    error = json::error::exponent_overflow;
    return false;
  }
  bool on_bool(bool value, Error&) { return add(value); }
  bool on_null(Error&) { return add(nullptr); }
  bool on_comment_part(json::string_view, Error&) { return false; }
  bool on_comment(json::string_view, Error&) { return false; }

  bool gather(json::string_view part) {
    text.append(part.data(), part.size());
    return true;
  }
  Document& place() {
    if (open.empty()) return root;
    if (open.back()->is_array()) return open.back()->emplace_back(nullptr);
    return (*open.back())[key];
  }
  template <class Value>
  bool add(Value&& value) {
    place() = std::forward<Value>(value);
    return true;
  }
  bool begin(Document container) {
    Document& placed = place();
    placed = std::move(container);
    open.push_back(&placed);
    return true;
  }
  bool end() {
    open.pop_back();
    return true;
  }

  Document root;
  std::vector<Document*> open;  // one in the other; no member is added to any but the last
  std::string key;
  std::string text;  // of a string or key that comes in parts
};

}  // namespace

std::optional<Document> parse_json(std::string_view text) {
  json::basic_parser<Builder> parser{json::parse_options()};
  json::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (error || read != text.size() || !parser.done()) return std::nullopt;
  return std::move(parser.handler().root);
}

}  // namespace ceiling::frontend::kinesis
