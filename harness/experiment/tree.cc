#include "harness/experiment/tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <sstream>
#include <utility>

namespace ceiling {
namespace {

/// Thrown through yaml-cpp to end the reading at a bound.
struct Stop {
  Finding finding;
};

Finding finding_at(const YAML::Mark& mark, std::string text) {
  return {mark.line + 1, mark.column + 1, std::move(text)};
}

class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Tree& tree) : tree_(tree) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw Stop{finding_at(mark, "found a second document, expected one")};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(checked(make(mark, Node::Kind::null), "", anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    tree_.findings.push_back(finding_at(mark, "found an alias, expected a value written out"));
    add(make(mark, Node::Kind::refused));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = make(mark, Node::Kind::scalar);
    node.text = value;
    node.quoted = tag == "!";  // yaml-cpp's tag of quoted and block scalars
    add(checked(std::move(node), tag, anchor));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(checked(make(mark, Node::Kind::list), tag, anchor), style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(checked(make(mark, Node::Kind::map), tag, anchor), style);
  }
  void OnMapEnd() override { close(); }

 private:
  Node make(const YAML::Mark& mark, Node::Kind kind) {
    if (++nodes_ > kMaxNodes) {
      throw Stop{finding_at(mark, "found more than " + std::to_string(kMaxNodes) +
                                      " values, expected an experiment")};
    }
    Node node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  Node checked(Node node, const std::string& tag, YAML::anchor_t anchor) {
    const auto refuse = [&](const std::string& text) {
      tree_.findings.push_back({node.line, node.column, text});
      node.kind = Node::Kind::refused;
    };
    if (anchor != 0) refuse("found an anchor, expected a value written out");
    if (!tag.empty() && tag != "?" && tag != "!") {
      refuse("found the tag " + quoted(tag) + ", expected a value without a tag");
    }
    return node;
  }

  void open(Node node, YAML::EmitterStyle::value style) {
    if (open_.size() >= static_cast<std::size_t>(kMaxDepth)) {
      throw Stop{
          {node.line, node.column,
           "found a value nested " + std::to_string(kMaxDepth) + " deep, expected an experiment"}};
    }
    node.flow = style == YAML::EmitterStyle::Flow;
    open_.push_back(std::move(node));
  }

  void close() {
    Node node = std::move(open_.back());
    open_.pop_back();
    add(std::move(node));
  }

  /// A map takes key and value in turn; whatever stands in a refused value is let go with it.
  void add(Node node) {
    if (open_.empty()) {
      tree_.root = std::move(node);
      return;
    }
    Node& parent = open_.back();
    if (parent.kind == Node::Kind::refused) return;
    const bool is_key = parent.kind == Node::Kind::map && parent.keys.size() == parent.items.size();
    if (!is_key) {
      parent.items.push_back(std::move(node));
      return;
    }
    if (node.kind != Node::Kind::scalar && node.kind != Node::Kind::refused) {
      tree_.findings.push_back({node.line, node.column, "found a key that is not text"});
      node.kind = Node::Kind::refused;
    }
    parent.keys.push_back(std::move(node));
  }

  Tree& tree_;
  std::vector<Node> open_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Length of the UTF-8 sequence that `text` starts with, 0 where it is none (RFC 3629).
std::size_t sequence_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || text.size() < length) return 0;
  std::uint32_t point = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
    point = (point << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  return overlong || surrogate || point > 0x10FFFF ? 0 : length;
}

/// What yaml-cpp would take silently, or read as something else: bytes that are not UTF-8, control
/// characters, tabs in the indentation. Nothing where the text is fine.
std::optional<Finding> check_characters(std::string_view text) {
  int line = 1;
  int column = 1;
  bool indentation = true;
  for (std::size_t at = 0; at < text.size(); ++column) {
    const char byte = text[at];
    const std::size_t length = sequence_length(text.substr(at));
    if (length == 0) return Finding{line, column, "found bytes that are not UTF-8, expected text"};
    if (byte == '\t' && indentation) {
      return Finding{line, column, "found a tab in the indentation, expected spaces"};
    }
    const bool control = static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
    if (control && byte != '\t' && byte != '\n' && byte != '\r') {
      return Finding{line, column, "found a control character, expected text"};
    }
    indentation = byte == '\n' || (indentation && byte == ' ');
    at += length;
    if (byte == '\n') {
      ++line;
      column = 0;
    }
  }
  return std::nullopt;
}

void emit(YAML::Emitter& out, const Node& node) {
  switch (node.kind) {
    case Node::Kind::scalar:
      if (node.quoted) out << YAML::DoubleQuoted;
      out << node.text;
      return;
    case Node::Kind::list:
      out << (node.flow ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
      for (const Node& item : node.items) emit(out, item);
      out << YAML::EndSeq;
      return;
    case Node::Kind::map:
      out << (node.flow ? YAML::Flow : YAML::Block) << YAML::BeginMap;
      for (std::size_t i = 0; i < node.keys.size(); ++i) {
        out << YAML::Key;
        emit(out, node.keys[i]);
        out << YAML::Value;
        emit(out, node.items[i]);
      }
      out << YAML::EndMap;
      return;
    case Node::Kind::null:
    case Node::Kind::refused:
      out << YAML::Null;
  }
}

}  // namespace

std::optional<std::size_t> Node::index_of(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].kind == Kind::scalar && keys[i].text == key) return i;
  }
  return std::nullopt;
}

Tree load_tree(std::string_view text) {
  Tree tree;
  if (text.size() > kMaxTextBytes) {
    tree.findings.push_back({0, 0,
                             "found " + std::to_string(text.size()) + " bytes, expected at most " +
                                 std::to_string(kMaxTextBytes)});
    return tree;
  }
  if (auto finding = check_characters(text)) {
    tree.findings.push_back(*finding);
    return tree;
  }
  std::istringstream in{std::string(text)};
  Builder builder(tree);
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
    tree.readable = true;
  } catch (const YAML::Exception& error) {
    tree.findings.push_back(finding_at(error.mark, "found bad YAML: " + error.msg));
  } catch (const Stop& stop) {
    tree.findings.push_back(stop.finding);
  }
  return tree;
}

std::string to_yaml(const Node& root) {
  YAML::Emitter out;
  emit(out, root);
  return std::string(out.c_str(), out.size()) + "\n";
}

std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 40;
  std::string line;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at >= kMost && !is_continuation(text[at])) return line + "...";
    const bool control = static_cast<unsigned char>(text[at]) < 0x20 || text[at] == 0x7F;
    line += control ? '?' : text[at];
  }
  return line;
}

std::string quoted(std::string_view text) {
  return '"' + shown(text) + '"';
}

}  // namespace ceiling
