#include "harness/check/policy.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "harness/experiment/experiment.h"
#include "harness/experiment/reader.h"

namespace ceiling {
namespace {

constexpr Range kCounts{1, std::int64_t{1} << 31};  // the product of two fits 64 bits
constexpr Range kUids{0, 4'294'967'294};            // -1 is no uid
constexpr std::size_t kMostTargets = 1000;

const Schema& policy_schema() {
  static const Schema target{
      {{"unit"}, {"cgroup"}, {"uid"}, {"stack"}, {"threads"}, {"peers"}, {"threads_per_peer"}},
      "",
      nullptr};
  static const Schema policy{{{"policy"}, {"targets", &target}}, "", nullptr};
  return policy;
}

/// What `of` makes of a value, its own finding where it makes nothing of it.
template <typename Of>
auto checked(const MapReader& map, std::string_view key, const Of& of)
    -> std::optional<decltype(of())> {
  try {
    return of();
  } catch (const BadInput& wrong) {
    map.refuse(map.place(key), key, wrong.findings().front().text);
    return std::nullopt;
  }
}

void read_selector(const MapReader& map, Selector& selector) {
  if (!map.is_map()) return;
  if (map.has("unit") == map.has("cgroup")) {
    map.refuse(map.node(), "unit",
               map.has("unit") ? "found a cgroup as well, expected one of them"
                               : "found neither unit nor cgroup, expected one of them");
  }
  const auto take = [&](std::string_view key,
                        Selector (*of)(const std::string&, const std::string&)) {
    const auto text = map.text(key, Presence::optional);
    if (!text) return;
    const auto found = checked(map, key, [&] { return of(*text, std::string(key)); });
    selector = found.value_or(selector);
  };
  take("unit", unit_selector);
  take("cgroup", cgroup_selector);
  selector.uid = map.integer("uid", kUids, Presence::optional);
}

void read_stack(const MapReader& map, Need& need) {
  if (!map.has("stack")) return;
  const Node& node = map.place("stack");
  if (node.kind == Node::Kind::refused) return;
  need.stack = bytes_of(node);
  if (!need.stack) {
    return map.refuse(node, "stack",
                      "found " + described(node) + ", expected a number of bytes (64K, 1M)");
  }
  checked(map, "stack", [&] {
    check_stack(*need.stack, "stack");
    return true;
  });
}

void read_need(const MapReader& map, Need& need) {
  read_stack(map, need);
  need.threads = map.integer("threads", kCounts, Presence::optional);
  need.peers = map.integer("peers", kCounts, Presence::optional);
  need.threads_per_peer = map.integer("threads_per_peer", kCounts, Presence::optional).value_or(0);
  if (!map.is_map()) return;
  const bool fleet = map.has("peers");
  if (map.has("threads") == fleet) {
    map.refuse(map.node(), "threads",
               fleet ? "found peers as well, expected one of them"
                     : "found neither threads nor peers, expected one of them");
  }
  if (fleet != map.has("threads_per_peer")) {
    map.refuse(map.node(), "threads_per_peer", "found it or peers alone, expected both or none");
  }
}

/// A target is one row of a report, one suite, one series.
void refuse_again(const MapReader& map, const Policy& policy) {
  const Selector& last = policy.requirements.back().selector;
  const auto first = std::find_if(policy.requirements.begin(), policy.requirements.end(),
                                  [&](const Requirement& one) { return one.selector == last; });
  if (&*first == &policy.requirements.back() || last == Selector{}) return;
  map.refuse(map.node(), last.kind == Selector::Kind::unit ? "unit" : "cgroup",
             "found " + last.text() + " again, expected it once: first in line " +
                 std::to_string(first->at.line));
}

Policy read_policy(const Node& root, Findings& findings) {
  const MapReader map(root, "", policy_schema(), findings);
  Policy policy;
  policy.name = map.name("policy").value_or("");
  const Node* targets = map.list("targets", Presence::required);
  if (targets == nullptr) return policy;
  if (targets->items.empty() || targets->items.size() > kMostTargets) {
    map.refuse(*targets, "targets",
               "found " + std::to_string(targets->items.size()) + " targets, expected 1 to " +
                   std::to_string(kMostTargets));
    return policy;
  }
  for (std::size_t i = 0; i < targets->items.size(); ++i) {
    const Node& node = targets->items[i];
    const MapReader one(node, "targets[" + std::to_string(i) + "]",
                        *policy_schema().find("targets")->inside, findings);
    Requirement& requirement = policy.requirements.emplace_back();
    requirement.at = {.line = node.line, .column = node.column};
    read_selector(one, requirement.selector);
    read_need(one, requirement.need);
    refuse_again(one, policy);
  }
  return policy;
}

}  // namespace

Policy parse_policy(std::string_view text, const std::string& file) {
  return read_document(text, file, read_policy);
}

Fit verdict_of(std::span<const Answer> answers) {
  Fit verdict = Fit::holds;
  for (const Answer& answer : answers) verdict = worse(verdict, answer.verdict);
  return verdict;
}

}  // namespace ceiling
