#include "harness/experiment/parse_clients.h"

#include <algorithm>
#include <array>

namespace ceiling {
namespace {

constexpr Range kRates{1, 100'000};
constexpr Range kBuffers{2, 1'000'000};
constexpr Range kRecordBytes{1, 64 << 10};
constexpr int kUsualRecordBytes = 1000;
constexpr Range kMissingAfter{100, 600'000};
/// A client that has nothing buffered needs some 6 MiB.
constexpr Range kMemory{8 << 20, std::int64_t{1} << 40};

bool contains(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void refuse_foreign_keys(const MapReader& map, const std::string& kind) {
  const ClientKeys keys = client_keys(kind);
  std::vector<std::string_view> all = {"kind"};
  all.insert(all.end(), keys.required.begin(), keys.required.end());
  all.insert(all.end(), keys.optional.begin(), keys.optional.end());
  for (const Node& key : map.node().keys) {
    const bool known = contains(
        {"rate_per_s", "buffer", "record_bytes", "memory_max", "missing_after_ms", "login"},
        key.text);
    if (key.kind == Node::Kind::refused || !known || contains(all, key.text)) continue;
    map.refuse(key, key.text, "found a key that " + kind + " has not, expected " + joined(all));
  }
}

std::optional<std::int64_t> read_memory_max(const MapReader& map, Presence presence) {
  const std::string_view key = "memory_max";
  const auto at = map.node().index_of(key);
  const std::string expected = described(kMemory) + " bytes (32M)";
  if (!at) {
    if (presence == Presence::required) {
      map.refuse(map.node(), key, "found no such key, expected " + expected);
    }
    return std::nullopt;
  }
  const Node& node = map.node().items[*at];
  if (node.kind == Node::Kind::refused) return std::nullopt;
  const auto bytes = bytes_of(node);
  if (bytes && *bytes >= kMemory.least && *bytes <= kMemory.most) return bytes;
  map.refuse(map.place(key), key, "found " + described(node) + ", expected " + expected);
  return std::nullopt;
}

std::vector<std::string_view> kinds_of(const std::vector<ClientPlan>& clients) {
  std::vector<std::string_view> kinds;
  for (const ClientPlan& client : clients) kinds.push_back(client.kind);
  return kinds;
}

/// "; nearest: x" where there is anything to be near to.
std::string expected_one_of(std::string_view text, const std::vector<std::string_view>& known) {
  if (known.empty()) return "the experiment has none";
  return "expected one of: " + joined(known) + "; nearest: " + std::string(nearest(text, known));
}

}  // namespace

ClientPlan read_client(const MapReader& map) {
  ClientPlan client;
  const auto kind = map.one_of("kind", client_kinds(), Presence::required);
  if (!kind && map.has("kind")) return client;  // what else is there cannot be held against it
  client.kind = kind.value_or("");
  if (kind) refuse_foreign_keys(map, *kind);
  const ClientKeys keys = client_keys(client.kind);
  const auto read = [&](std::string_view key, Range range, int& into) {
    const bool required = contains(keys.required, key);
    if (!required && !contains(keys.optional, key)) return;
    const auto number = map.integer(key, range, required ? Presence::required : Presence::optional);
    if (number) into = static_cast<int>(*number);
  };
  if (contains(keys.optional, "record_bytes")) client.record_bytes = kUsualRecordBytes;
  read("rate_per_s", kRates, client.rate_per_s);
  read("buffer", kBuffers, client.buffer);
  read("record_bytes", kRecordBytes, client.record_bytes);
  read("missing_after_ms", kMissingAfter, client.missing_after_ms);
  if (contains(keys.required, "memory_max")) {
    client.memory_max = read_memory_max(map, Presence::required);
  }
  if (contains(keys.required, "login")) {
    client.login = map.text("login", Presence::required).value_or("");
  }
  return client;
}

void refuse_unknown_logins(const MapReader& top, const std::vector<ClientPlan>& clients) {
  std::vector<std::string_view> known = kinds_of(clients);
  std::erase_if(known, [](std::string_view kind) { return !takes_logins(kind); });
  const Node& list = top.place("clients");
  for (const Node& item : list.items) {
    const auto at = item.index_of("login");
    const auto kind = item.index_of("kind");
    if (!at || !kind || item.items[*kind].text != "status-page") continue;
    const Node& login = item.items[*at];
    if (login.kind != Node::Kind::scalar || contains(known, login.text)) continue;
    top.refuse(login, "clients.status-page.login",
               "found " + quoted(login.text) + ", which is no dependent here that takes logins; " +
                   expected_one_of(login.text, known));
  }
}

ExpectedDependents read_expected_dependents(const MapReader& arm, const Schema& schema,
                                            const std::vector<ClientPlan>& clients,
                                            Findings& findings) {
  ExpectedDependents expected;
  const Node* node = arm.map("dependents", Presence::optional);
  if (node == nullptr) return expected;
  const MapReader map(*node, arm.path("dependents"), schema, findings);
  constexpr std::array outcomes = {DependentOutcome::unaffected, DependentOutcome::degraded,
                                   DependentOutcome::down, DependentOutcome::killed};
  std::vector<std::string_view> names;
  for (const DependentOutcome outcome : outcomes) names.push_back(to_string(outcome));
  const std::vector<ClientPlan> dependents = dependents_of(clients);
  const std::vector<std::string_view> kinds = kinds_of(dependents);
  for (const Node& key : node->keys) {
    if (key.kind == Node::Kind::refused || !contains(schema.names(), key.text)) continue;
    if (!contains(kinds, key.text)) {
      map.refuse(key, key.text,
                 "found an expectation of a dependent that is not there, " +
                     expected_one_of(key.text, kinds));
      continue;
    }
    const auto outcome = map.one_of(key.text, names, Presence::optional);
    if (outcome) expected[key.text] = *dependent_outcome_from(*outcome);
  }
  return expected;
}

std::vector<std::string> read_expect_back(const MapReader& recovery,
                                          const std::vector<ClientPlan>& clients) {
  constexpr std::string_view key = "expect_back";
  std::vector<std::string> names;
  const Node* list = recovery.list(key, Presence::optional);
  if (list == nullptr) return names;
  const std::vector<ClientPlan> dependents = dependents_of(clients);
  const std::vector<std::string_view> kinds = kinds_of(dependents);
  for (const Node& item : list->items) {
    if (item.kind == Node::Kind::refused) continue;
    if (item.kind != Node::Kind::scalar || !contains(kinds, item.text)) {
      recovery.refuse(item, key,
                      "found " + described(item) + ", which is no dependent here; " +
                          expected_one_of(item.text, kinds));
    } else if (std::find(names.begin(), names.end(), item.text) != names.end()) {
      recovery.refuse(item, key, "found " + quoted(item.text) + " again, expected it once");
    } else {
      names.push_back(item.text);
    }
  }
  return names;
}

void refuse_dependents_beside_host_limits(const Experiment& experiment, Findings& findings) {
  if (dependents_of(experiment.clients).empty()) return;
  for (const ArmPlan& arm : experiment.arms) {
    for (const LimitName name : arm.limits.names()) {
      if (!arm.limits.of_host(name)) continue;
      const auto found = arm.limits.values.find(name);
      const Place at = found == arm.limits.values.end() ? Place{} : found->second.at;
      findings.add(std::vector<Finding>{
          {at.line, at.column,
           "limits." + std::string(to_string(name)) +
               ": found a limit of the whole host beside dependents, expected clients of kind "
               "canary only: what dependents have in use of it is not measured"}});
    }
  }
}

}  // namespace ceiling
