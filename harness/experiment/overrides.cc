#include "harness/experiment/overrides.h"

#include <optional>
#include <string_view>
#include <utility>

#include "harness/experiment/schema.h"

namespace ceiling {
namespace {

/// Thrown where the path of an override leads nowhere.
struct NoWay {
  std::string text;
};

/// The first name of a dotted path and what follows it; the longest of `names` counts, since names
/// may have dots of their own ("pids.max").
struct Step {
  std::string_view name;
  std::string_view rest;
};
std::optional<Step> first_step(std::string_view path, const std::vector<std::string_view>& names) {
  std::optional<Step> found;
  for (std::string_view name : names) {
    const bool fits = path.substr(0, name.size()) == name &&
                      (path.size() == name.size() || path[name.size()] == '.');
    if (!fits || (found && found->name.size() >= name.size())) continue;
    found = Step{name, path.size() == name.size() ? "" : path.substr(name.size() + 1)};
  }
  return found;
}

Node& list_item(Node& list, std::string_view key, const Schema& schema, std::string_view& path) {
  std::vector<std::string_view> names;
  for (const Node& item : list.items) {
    if (const auto at = item.index_of(schema.named_by)) names.push_back(item.items[*at].text);
  }
  const auto step = first_step(path, names);
  if (!step) {
    throw NoWay{"found no " + quoted(path) + " in " + std::string(key) +
                ", expected one of: " + (names.empty() ? "(none)" : joined(names))};
  }
  path = step->rest;
  for (Node& item : list.items) {
    const auto at = item.index_of(schema.named_by);
    if (at && item.items[*at].text == step->name) return item;
  }
  throw NoWay{"found no " + quoted(step->name)};
}

/// The value of `key`; one that is made belongs to the override `origin`.
Node& child(Node& map, std::string_view key, Node::Kind missing_kind, const std::string& origin) {
  if (const auto at = map.index_of(key)) return map.items[*at];
  Node name;
  name.kind = Node::Kind::scalar;
  name.text = key;
  name.origin = origin;
  Node value;
  value.kind = missing_kind;
  value.flow = true;
  map.keys.push_back(std::move(name));
  map.items.push_back(std::move(value));
  return map.items.back();
}

void lay(Node& map, const Schema& schema, std::string_view path, Node value);

/// The first name of the path is one that the file gives; it has no dot.
void lay_in_each(Node& map, const Schema& schema, std::string_view path, Node value) {
  const std::size_t dot = path.find('.');
  Node& one = child(map, path.substr(0, dot), Node::Kind::map, value.origin);
  if (dot == std::string_view::npos) {
    one = std::move(value);
  } else {
    lay(one, *schema.each, path.substr(dot + 1), std::move(value));
  }
}

void lay(Node& map, const Schema& schema, std::string_view path, Node value) {
  if (map.kind != Node::Kind::map) throw NoWay{"found no map to lay it over"};
  if (schema.each != nullptr) return lay_in_each(map, schema, path, std::move(value));
  const auto step = first_step(path, schema.names());
  if (!step) {
    throw NoWay{"found the unknown key " + quoted(path) +
                ", nearest known key: " + std::string(nearest(path, schema.names()))};
  }
  const KnownKey& key = *schema.find(step->name);
  if (step->rest.empty()) {
    child(map, key.name, Node::Kind::null, value.origin) = std::move(value);
    return;
  }
  if (key.inside == nullptr) {
    throw NoWay{"found " + quoted(step->rest) + " below " + std::string(key.name) +
                ", expected nothing there"};
  }
  std::string_view rest = step->rest;
  if (key.inside->named_by.empty()) {
    lay(child(map, key.name, Node::Kind::map, value.origin), *key.inside, rest, std::move(value));
    return;
  }
  Node& item =
      list_item(child(map, key.name, Node::Kind::list, value.origin), key.name, *key.inside, rest);
  lay(item, *key.inside, rest, std::move(value));
}

void set_origin(Node& node, const std::string& origin) {
  node.origin = origin;
  node.line = 0;
  node.column = 0;
  node.flow = true;
  for (Node& key : node.keys) set_origin(key, origin);
  for (Node& item : node.items) set_origin(item, origin);
}

std::vector<Finding> apply_one(Node& root, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || text[equals - 1] == '.') {
    return {{0, 0, "--set " + quoted(text) + ": expected key=value"}};
  }
  const std::string key = text.substr(0, equals);
  const std::string where = "--set " + shown(key) + ": ";
  Tree value = load_tree(std::string_view(text).substr(equals + 1));
  for (Finding& finding : value.findings) finding = {0, 0, where + finding.text};
  if (!value.findings.empty()) return value.findings;
  set_origin(value.root, shown(key));
  Node changed = root;
  try {
    lay(changed, experiment_schema(), key, std::move(value.root));
  } catch (const NoWay& no_way) {
    return {{0, 0, where + no_way.text}};
  }
  root = std::move(changed);
  return {};
}

}  // namespace

std::vector<Finding> apply_overrides(Node& root, const std::vector<std::string>& overrides) {
  std::vector<Finding> findings;
  for (const std::string& override_text : overrides) {
    for (Finding& finding : apply_one(root, override_text)) findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace ceiling
