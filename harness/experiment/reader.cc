#include "harness/experiment/reader.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

namespace ceiling {
namespace {

constexpr std::size_t kLongestName = 40;

bool is_name(std::string_view text) {
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-';
  };
  return !text.empty() && text.size() <= kLongestName && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), fits);
}

}  // namespace

void Findings::add(const Node& at, const std::string& text) {
  if (at.origin.empty()) {
    findings_.push_back({at.line, at.column, text});
    return;
  }
  const bool named = text.rfind(at.origin + ": ", 0) == 0;
  findings_.push_back({0, 0, "--set " + (named ? text : at.origin + ": " + text)});
}

void Findings::add(std::vector<Finding> findings) {
  for (Finding& finding : findings) findings_.push_back(std::move(finding));
}

std::vector<Finding> Findings::in_order() const {
  std::vector<Finding> sorted = findings_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return sorted;
}

MapReader::MapReader(const Node& node, std::string path, const Schema& schema, Findings& findings)
    : node_(node), path_(std::move(path)), findings_(findings) {
  if (is_map()) {
    refuse_keys(schema);
  } else if (node.kind != Node::Kind::refused) {
    const std::string where = path_.empty() ? "" : path_ + ": ";
    findings_.add(node, where + "found " + described(node) + ", expected a map with the keys " +
                            joined(schema.names()));
  }
}

void MapReader::refuse_keys(const Schema& schema) const {
  std::map<std::string_view, const Node*> seen;
  for (const Node& key : node_.keys) {
    if (key.kind == Node::Kind::refused) continue;
    const auto [first, is_new] = seen.emplace(key.text, &key);
    const std::string where = path_.empty() ? "" : path_ + ": ";
    if (!is_new) {
      findings_.add(key, where + "found the key " + quoted(key.text) +
                             " again, expected it once: first in line " +
                             std::to_string(first->second->line));
    } else if (schema.each == nullptr && schema.find(key.text) == nullptr) {
      findings_.add(key,
                    where + "found the unknown key " + quoted(key.text) +
                        ", nearest known key: " + std::string(nearest(key.text, schema.names())));
    }
  }
}

const Node& MapReader::place(std::string_view key) const {
  const auto at = node_.index_of(key);
  if (!at) return node_;
  // yaml-cpp places a value that is not written behind the next token.
  return node_.items[*at].kind == Node::Kind::null && node_.items[*at].origin.empty()
             ? node_.keys[*at]
             : node_.items[*at];
}

std::string MapReader::path(std::string_view key) const {
  return (path_.empty() ? "" : path_ + ".") + std::string(key);
}

void MapReader::refuse(const Node& at, std::string_view key, const std::string& text) const {
  findings_.add(at, path(key) + ": " + text);
}

const Node* MapReader::value(std::string_view key, Presence presence,
                             std::string_view expected) const {
  const auto at = node_.index_of(key);
  if (at) return node_.items[*at].kind == Node::Kind::refused ? nullptr : &node_.items[*at];
  if (presence == Presence::required && is_map()) {
    refuse(node_, key, "found no such key, expected " + std::string(expected));
  }
  return nullptr;
}

std::optional<std::int64_t> MapReader::integer(std::string_view key, Range range,
                                               Presence presence) const {
  const Node* node = value(key, presence, described(range));
  if (node == nullptr) return std::nullopt;
  const auto number = integer_of(*node);
  if (number && *number >= range.least && *number <= range.most) return number;
  refuse(place(key), key, "found " + described(*node) + ", expected " + described(range));
  return std::nullopt;
}

std::optional<std::string> MapReader::text(std::string_view key, Presence presence) const {
  const Node* node = value(key, presence, "text");
  if (node == nullptr) return std::nullopt;
  if (node->kind == Node::Kind::scalar) return node->text;
  refuse(place(key), key, "found " + described(*node) + ", expected text");
  return std::nullopt;
}

std::optional<std::string> MapReader::name(std::string_view key) const {
  const auto found = text(key, Presence::required);
  if (!found || is_name(*found)) return found;
  refuse(place(key), key,
         "found " + quoted(*found) + ", expected a name of a-z, 0-9 and -, at most " +
             std::to_string(kLongestName) + " long");
  return std::nullopt;
}

std::optional<std::string> MapReader::one_of(std::string_view key,
                                             const std::vector<std::string_view>& known,
                                             Presence presence) const {
  const auto found = text(key, presence);
  if (!found || std::find(known.begin(), known.end(), *found) != known.end()) return found;
  refuse(place(key), key,
         "found " + quoted(*found) + ", expected one of: " + joined(known) +
             "; nearest: " + std::string(nearest(*found, known)));
  return std::nullopt;
}

const Node* MapReader::list(std::string_view key, Presence presence) const {
  const Node* node = value(key, presence, "a list");
  if (node == nullptr || node->kind == Node::Kind::list) return node;
  refuse(place(key), key, "found " + described(*node) + ", expected a list");
  return nullptr;
}

const Node* MapReader::map(std::string_view key, Presence presence) const {
  const Node* node = value(key, presence, "a map");
  if (node == nullptr || node->kind == Node::Kind::map) return node;
  refuse(place(key), key, "found " + described(*node) + ", expected a map");
  return nullptr;
}

std::optional<std::int64_t> integer_of(const Node& node) {
  if (node.kind != Node::Kind::scalar || node.quoted) return std::nullopt;
  std::string_view digits = node.text;
  const bool negative = !digits.empty() && digits.front() == '-';
  if (negative) digits.remove_prefix(1);
  const bool all_digits = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
  // 010 is eight to YAML 1.1 and ten to YAML 1.2: neither is taken.
  if (!all_digits || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  std::int64_t number = 0;
  const char* end = node.text.data() + node.text.size();
  if (std::from_chars(node.text.data(), end, number).ec == std::errc::result_out_of_range) {
    using Limits = std::numeric_limits<std::int64_t>;
    return negative ? Limits::min() : Limits::max();
  }
  return number;
}

std::optional<std::int64_t> bytes_of(const Node& node) {
  constexpr std::string_view kUnits = "KMGT";
  if (node.kind != Node::Kind::scalar || node.text.empty()) return std::nullopt;
  const std::size_t unit = kUnits.find(node.text.back());
  if (unit == std::string_view::npos) return integer_of(node);
  Node digits = node;
  digits.text.pop_back();
  const auto number = integer_of(digits);
  const auto shift = 10 * (unit + 1);
  if (!number || *number < 0 || *number > (std::numeric_limits<std::int64_t>::max() >> shift)) {
    return std::nullopt;
  }
  return *number << shift;
}

std::string described(const Node& node) {
  switch (node.kind) {
    case Node::Kind::scalar:
      return integer_of(node) ? node.text.substr(0, 40) : quoted(node.text);
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
    case Node::Kind::null:
    case Node::Kind::refused:
      break;
  }
  return "nothing";
}

std::string described(Range range) {
  return "an integer from " + std::to_string(range.least) + " to " + std::to_string(range.most);
}

}  // namespace ceiling
