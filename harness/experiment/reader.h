#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/experiment/schema.h"
#include "harness/experiment/tree.h"

namespace ceiling {

/// Collects what is wrong, so that everything is said at once.
class Findings {
 public:
  /// `at`: the value, or the key, that is wrong. In an override the text names it instead of a
  /// place.
  void add(const Node& at, const std::string& text);
  void add(std::vector<Finding> findings);
  bool empty() const { return findings_.empty(); }
  std::vector<Finding> in_order() const;  ///< by place in the file

 private:
  std::vector<Finding> findings_;
};

enum class Presence { required, optional };

/// One map of the file: refuses unknown and duplicate keys when made, and hands out values of the
/// wanted type. A value that is not there, or is wrong, is nothing; where it has to be there, or is
/// wrong, there is a finding then. Borrows `node` and `findings`.
class MapReader {
 public:
  /// `path`: the dotted way to this map, "" for the top.
  MapReader(const Node& node, std::string path, const Schema& schema, Findings& findings);

  bool is_map() const { return node_.kind == Node::Kind::map; }
  const Node& node() const { return node_; }
  bool has(std::string_view key) const { return node_.index_of(key).has_value(); }
  /// The value, or the map itself where there is none: the place to name in a finding.
  const Node& place(std::string_view key) const;
  std::string path(std::string_view key) const;

  std::optional<std::int64_t> integer(std::string_view key, Range range, Presence presence) const;
  std::optional<std::string> text(std::string_view key, Presence presence) const;
  /// Text of [a-z0-9-], at most 40 characters: it becomes part of file and group names.
  std::optional<std::string> name(std::string_view key) const;
  /// Text that is one of `known`.
  std::optional<std::string> one_of(std::string_view key,
                                    const std::vector<std::string_view>& known,
                                    Presence presence) const;
  const Node* list(std::string_view key, Presence presence) const;
  const Node* map(std::string_view key, Presence presence) const;
  void refuse(const Node& at, std::string_view key, const std::string& text) const;

 private:
  const Node* value(std::string_view key, Presence presence, std::string_view expected) const;
  void refuse_keys(const Schema& schema) const;

  const Node& node_;
  std::string path_;
  Findings& findings_;
};

/// What `read`(root, findings) makes of a text. Throws BadInput, naming `file`, with everything
/// that is wrong.
template <typename Read>
auto read_document(std::string_view text, const std::string& file, Read read) {
  const Tree tree = load_tree(text);
  Findings findings;
  findings.add(tree.findings);
  decltype(read(tree.root, findings)) document;
  if (tree.readable) document = read(tree.root, findings);
  if (!findings.empty()) throw BadInput(file, findings.in_order());
  return document;
}

/// The number that a plain scalar is, as YAML 1.2 writes decimal integers. Nothing for all else;
/// numbers beyond 64 bits are the nearest that fits.
std::optional<std::int64_t> integer_of(const Node& node);

/// The bytes that a plain scalar is: a number as above, or one with K, M, G or T behind it, powers
/// of 1024 (64M is 67108864). Nothing for all else, and for more than 64 bits hold.
std::optional<std::int64_t> bytes_of(const Node& node);

/// What stands at a node, for a finding: "a list", "nothing", "\"four\"".
std::string described(const Node& node);

std::string described(Range range);

}  // namespace ceiling
