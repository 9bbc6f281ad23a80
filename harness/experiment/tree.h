#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/experiment/experiment.h"

namespace ceiling {

/// The largest text that is read at all; an experiment is one or two kilobytes.
inline constexpr std::size_t kMaxTextBytes = std::size_t{1024} * 1024;
/// Five levels are in use; deeper trees are refused before they cost anything.
inline constexpr int kMaxDepth = 16;
inline constexpr std::size_t kMaxNodes = 20'000;

/// A YAML value with its place. Unlike YAML::Node it keeps duplicate keys, tells 4 from "4", and
/// knows neither anchors nor aliases: both are refused, and so are their bombs.
struct Node {
  enum class Kind { null, scalar, list, map, refused };  ///< refused: has a finding already

  Kind kind = Kind::null;
  std::string text;         ///< of a scalar
  bool quoted = false;      ///< a scalar that can only be text
  bool flow = false;        ///< written as {..} or [..]
  int line = 0;             ///< from 1; 0 in an override
  int column = 0;           ///< from 1
  std::string origin;       ///< the key of the override that it came by, else empty
  std::vector<Node> keys;   ///< of a map, scalars, in order, duplicates kept
  std::vector<Node> items;  ///< of a list, or the values of a map, one a key

  /// The place of the first key of that name.
  std::optional<std::size_t> index_of(std::string_view key) const;
};

struct Tree {
  Node root;
  std::vector<Finding> findings;
  bool readable = false;  ///< false: a syntax error or a bound ended the reading
};

/// Reads one YAML document. Never throws for what stands in `text`.
Tree load_tree(std::string_view text);

/// YAML text that load_tree reads as the same tree. Comments are gone.
std::string to_yaml(const Node& root);

/// A value or key as it stands in a finding: one line, printable, cut after some 40 bytes.
std::string shown(std::string_view text);
std::string quoted(std::string_view text);  ///< the same between double quotes

}  // namespace ceiling
