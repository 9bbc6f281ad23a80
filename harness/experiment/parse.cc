#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "harness/experiment/experiment.h"
#include "harness/experiment/overrides.h"
#include "harness/experiment/parse_clients.h"
#include "harness/experiment/parse_recovery.h"
#include "harness/experiment/reader.h"

namespace ceiling {
namespace {

constexpr Range kFleetSizes{1, 10'000};
constexpr Range kSteps{1, 10'000};
constexpr Range kThreadsPerPeer{1, 64};
constexpr Range kPercents{1, 100};
constexpr Range kThreadBudgets{0, 100'000};
constexpr Range kCells{2, 1000};
constexpr Range kCacheServers{1, 100};
constexpr Range kBackends{1, 64};
constexpr Range kShards{1, 10'000};  // of one stream, and of all together
constexpr Range kHolds{0, 600};
constexpr Range kCpuPercents{1, 100'000};  // of one CPU
constexpr std::size_t kMostArms = 64;

const Schema& schema_of(std::string_view key) {
  return *experiment_schema().find(key)->inside;
}

void take(std::optional<std::int64_t> number, int& into) {
  if (number) into = static_cast<int>(*number);
}

/// A fleet, or what an arm lays over one.
FleetPlan read_fleet(const Node& node, const std::string& path, FleetPlan fleet, Presence presence,
                     Findings& findings) {
  const MapReader map(node, path, schema_of("fleet"), findings);
  take(map.integer("start", kFleetSizes, presence), fleet.start);
  take(map.integer("end", kFleetSizes, presence), fleet.end);
  take(map.integer("step", kSteps, Presence::optional), fleet.step);
  take(map.integer("threads_per_peer", kThreadsPerPeer, Presence::optional),
       fleet.threads_per_peer);
  if (const auto percent = map.integer("alarm_percent", kPercents, Presence::optional)) {
    const Node& at = map.place("alarm_percent");
    fleet.alarm_percent = static_cast<int>(*percent);
    fleet.alarm_at = {.line = at.line, .column = at.column};
  }
  if (const auto budget = map.integer("thread_budget", kThreadBudgets, Presence::optional))
    fleet.thread_budget = static_cast<int>(*budget);
  if (const auto cells = map.integer("cells", kCells, Presence::optional))
    fleet.cells = static_cast<int>(*cells);
  if (const auto caches = map.integer("cache_servers", kCacheServers, Presence::optional))
    fleet.cache_servers = static_cast<int>(*caches);
  const bool both_known = fleet.start > 0 && fleet.end > 0;
  const bool said_here = map.has("start") || map.has("end");
  if (both_known && said_here && fleet.end < fleet.start) {
    const std::string_view key = map.has("end") ? "end" : "start";
    map.refuse(map.place(key), key,
               "found an end of " + std::to_string(fleet.end) + " below the start of " +
                   std::to_string(fleet.start) + ", expected at least the start");
  }
  return fleet;
}

/// `max` and `unlimited`, as the kernel's files and ulimit say it, and null: not limited.
void read_limit(const MapReader& map, LimitName name, LimitValues& limits) {
  const std::string_view key = to_string(name);
  if (!map.has(key)) return;
  const Node& node = map.node().items[*map.node().index_of(key)];
  SetLimit limit{.value = {}, .at = {.line = node.line, .column = node.column}};
  const bool by_word =
      node.kind == Node::Kind::scalar && (node.text == "max" || node.text == "unlimited");
  if (!by_word && node.kind != Node::Kind::null) {
    limit.value = counts_bytes(name) ? bytes_of(node) : integer_of(node);
    const Range range = allowed(name);
    if (!limit.value || *limit.value < range.least || *limit.value > range.most) {
      if (node.kind == Node::Kind::refused) return;
      return map.refuse(node, key,
                        "found " + described(node) + ", expected " + described(range) +
                            (counts_bytes(name) ? " bytes (64M, 1G)" : "") +
                            ", or max for no limit");
    }
  }
  limits[name] = limit;
}

/// Why no fleet of up to `end` frontends has a member of that name.
std::string unknown_member(const std::string& name, int end) {
  std::vector<std::string> names;
  for (int number = 1; number <= end; ++number) names.push_back(member_name(number));
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string text = "found the unknown member " + quoted(name) + ", expected frontend-1";
  if (known.empty()) return text + " and on";
  return text + " to " + names.back() + "; nearest: " + std::string(nearest(name, known));
}

/// A pid namespace has one limit of its own, and nothing else is counted in it.
void refuse_beside_pid_max(const MapReader& map, const LimitPlan& limits) {
  if (limits.scope != LimitScope::pid_namespace) return;
  const std::vector<LimitName> names = limits.names();
  if (names == std::vector{LimitName::pid_max}) return;
  map.refuse(
      map.place("scope"), "scope",
      "found scope pid-namespace " +
          (names.empty() ? "without a limit" : "with " + std::string(to_string(names.front()))) +
          ", expected kernel.pid_max alone");
}

/// What each process has for itself cannot be shared.
void refuse_shared(const MapReader& map, const LimitPlan& limits) {
  if (limits.scope != LimitScope::fleet) return;
  for (const LimitName name : limits.names()) {
    const std::string_view key = map.has(to_string(name)) ? to_string(name) : "scope";
    if (!is_per_process(name) || !map.has(key)) continue;  // or said elsewhere, and refused there
    map.refuse(map.place(key), key,
               "found scope fleet with " + std::string(to_string(name)) +
                   ", which counts each process by itself; expected scope frontend");
  }
}

/// Members whose configuration drifted. `end`: the largest fleet there is.
void read_drifted(const MapReader& map, int end, LimitPlan& limits, Findings& findings) {
  const Node* node = map.map("overrides", Presence::optional);
  if (node == nullptr) return;
  const Schema& schema = *schema_of("limits").find("overrides")->inside;
  const MapReader members(*node, map.path("overrides"), schema, findings);
  if (limits.scope != LimitScope::frontend && !node->keys.empty()) {
    map.refuse(*node, "overrides",
               "found overrides with scope " + std::string(to_string(limits.scope)) +
                   ", expected scope frontend");
  }
  for (std::size_t i = 0; i < node->keys.size(); ++i) {
    const Node& key = node->keys[i];
    if (key.kind == Node::Kind::refused) continue;
    const auto number = member_number(key.text);
    if (!number || *number > end) {
      members.refuse(key, shown(key.text), unknown_member(key.text, end));
      continue;
    }
    const MapReader member(node->items[i], members.path(key.text), *schema.each, findings);
    if (!member.is_map()) continue;
    for (const LimitName name : all_limits()) read_limit(member, name, limits.overrides[*number]);
  }
}

LimitPlan read_limits(const Node& node, const std::string& path, LimitPlan limits, int end,
                      Findings& findings) {
  const MapReader map(node, path, schema_of("limits"), findings);
  const std::array scopes = {LimitScope::frontend, LimitScope::fleet, LimitScope::pid_namespace};
  const auto named =
      map.one_of("scope", {to_string(scopes[0]), to_string(scopes[1]), to_string(scopes[2])},
                 Presence::optional);
  for (const LimitScope scope : scopes) {
    if (named && *named == to_string(scope)) limits.scope = scope;
  }
  for (const LimitName name : all_limits()) read_limit(map, name, limits.values);
  take(map.integer("cpu_percent", kCpuPercents, Presence::optional), limits.cpu_percent);
  refuse_shared(map, limits);
  refuse_beside_pid_max(map, limits);
  read_drifted(map, end, limits, findings);
  return limits;
}

/// "arms.unguarded" as an override would say it, "arms[2]" where there is no name.
std::string item_path(std::string_view list, const Node& item, std::size_t index) {
  const auto at = item.index_of(schema_of(list).named_by);
  const bool named = at && item.items[*at].kind == Node::Kind::scalar;
  const std::string key(list);
  return named ? key + "." + shown(item.items[*at].text) : key + "[" + std::to_string(index) + "]";
}

/// Reads the maps of a list, whose names must differ.
void read_list(const MapReader& map, std::string_view key, Presence presence, Findings& findings,
               const std::function<void(const MapReader&)>& read) {
  const Node* list = map.list(key, presence);
  if (list == nullptr) return;
  if (list->items.empty() && presence == Presence::required) {
    map.refuse(*list, key, "found an empty list, expected at least one");
  }
  const Schema& schema = schema_of(key);
  std::map<std::string_view, const Node*> seen;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const MapReader item(list->items[i], item_path(key, list->items[i], i), schema, findings);
    read(item);
    const Node& name = item.place(schema.named_by);
    if (!item.has(schema.named_by) || name.kind != Node::Kind::scalar) continue;
    const auto [first, is_new] = seen.emplace(name.text, &name);
    if (!is_new) {
      item.refuse(name, schema.named_by,
                  "found " + quoted(name.text) + " again, expected another name than in line " +
                      std::to_string(first->second->line));
    }
  }
}

std::vector<StreamPlan> read_streams(const MapReader& top, Findings& findings) {
  std::vector<StreamPlan> streams;
  std::int64_t total = 0;
  read_list(top, "streams", Presence::required, findings, [&](const MapReader& map) {
    StreamPlan stream;
    stream.name = map.name("name").value_or("");
    take(map.integer("shards", kShards, Presence::required), stream.shards);
    total += stream.shards;
    streams.push_back(stream);
  });
  if (total > kShards.most) {
    top.refuse(top.place("streams"), "streams",
               "found " + std::to_string(total) + " shards, expected at most " +
                   std::to_string(kShards.most) + " in all streams together");
  }
  return streams;
}

std::vector<ClientPlan> read_clients(const MapReader& top, Findings& findings) {
  std::vector<ClientPlan> clients;
  read_list(top, "clients", Presence::optional, findings,
            [&](const MapReader& map) { clients.push_back(read_client(map)); });
  refuse_unknown_logins(top, clients);
  return clients;
}

std::vector<std::string_view> guardrail_names() {
  std::vector<std::string_view> names;
  for (const GuardrailFact& fact : all_guardrails()) names.push_back(fact.name);
  return names;
}

std::vector<Guardrail> read_guardrails(const MapReader& arm) {
  std::vector<Guardrail> guardrails;
  const Node* list = arm.list("guardrails", Presence::optional);
  if (list == nullptr) return guardrails;
  for (const Node& item : list->items) {
    if (item.kind == Node::Kind::refused) continue;
    const auto known = item.kind == Node::Kind::scalar ? guardrail_from(item.text) : std::nullopt;
    if (!known) {
      arm.refuse(item, "guardrails",
                 "found " + described(item) + ", expected one of: " + joined(guardrail_names()) +
                     "; nearest: " + std::string(nearest(item.text, guardrail_names())));
    } else if (std::find(guardrails.begin(), guardrails.end(), *known) != guardrails.end()) {
      arm.refuse(item, "guardrails", "found " + quoted(item.text) + " again, expected it once");
    } else {
      guardrails.push_back(*known);
    }
  }
  return guardrails;
}

Outcome read_expect(const MapReader& arm) {
  std::vector<std::string_view> known;
  for (const Outcome outcome : {Outcome::outage, Outcome::contained, Outcome::prevented,
                                Outcome::not_reached, Outcome::unknown, Outcome::any}) {
    known.push_back(to_string(outcome));
  }
  const auto text = arm.one_of("expect", known, Presence::optional);
  return text ? *outcome_from(*text) : Outcome::any;
}

/// What an arm sets for a guardrail that it does not switch on.
void refuse_idle_values(const MapReader& map, const Node& fleet, const ArmPlan& arm) {
  struct Value {
    std::string_view key;
    std::string_view what;
    Guardrail of;
  };
  for (const Value& value : {Value{"alarm_percent", "a share", Guardrail::alarm},
                             Value{"thread_budget", "a budget", Guardrail::multiplex},
                             Value{"cells", "cells", Guardrail::cells},
                             Value{"cache_servers", "cache servers", Guardrail::cache_fleet}}) {
    const auto at = fleet.index_of(value.key);
    if (!at || arm.has(value.of)) continue;
    map.refuse(fleet.items[*at], "fleet." + std::string(value.key),
               "found " + std::string(value.what) + " for an arm without the guardrail " +
                   std::string(to_string(value.of)) + ", expected both or neither");
  }
}

std::vector<ArmPlan> read_arms(const MapReader& top, const FleetPlan& fleet,
                               const LimitPlan& limits, const std::vector<ClientPlan>& clients,
                               Findings& findings) {
  std::vector<ArmPlan> arms;
  read_list(top, "arms", Presence::required, findings, [&](const MapReader& map) {
    ArmPlan arm;
    arm.name = map.name("name").value_or("");
    arm.guardrails = read_guardrails(map);
    arm.expect = read_expect(map);
    const Node* own_fleet = map.map("fleet", Presence::optional);
    arm.fleet = own_fleet == nullptr ? fleet
                                     : read_fleet(*own_fleet, map.path("fleet"), fleet,
                                                  Presence::optional, findings);
    const Node* own_limits = map.map("limits", Presence::optional);
    arm.limits = own_limits == nullptr ? limits
                                       : read_limits(*own_limits, map.path("limits"), limits,
                                                     arm.fleet.end, findings);
    for (const std::string& why : pointless_guardrails(arm)) {
      map.refuse(map.place("guardrails"), "guardrails", why);
    }
    if (own_fleet != nullptr) refuse_idle_values(map, *own_fleet, arm);
    take(map.integer("hold_s", kHolds, Presence::optional), arm.hold_s);
    const Schema& expected = *schema_of("arms").find("dependents")->inside;
    arm.dependents = read_expected_dependents(map, expected, clients, findings);
    arm.recovery = read_recovery(map, *schema_of("arms").find("recovery")->inside, arm.fleet.end,
                                 clients, findings);
    arms.push_back(std::move(arm));
  });
  if (arms.size() > kMostArms) {
    top.refuse(top.place("arms"), "arms",
               "found " + std::to_string(arms.size()) + " arms, expected at most " +
                   std::to_string(kMostArms));
  }
  return arms;
}

/// Of the fleets of all arms. What is wrong about their ends is said where they are read.
int largest_end(const MapReader& top, const FleetPlan& fleet) {
  int largest = fleet.end;
  const Node& arms = top.place("arms");
  for (const Node& arm : arms.items) {
    const auto at = arm.index_of("fleet");
    const auto end = at ? arm.items[*at].index_of("end") : std::nullopt;
    const auto size = end ? integer_of(arm.items[*at].items[*end]) : std::nullopt;
    if (size)
      largest = static_cast<int>(std::clamp<std::int64_t>(*size, largest, kFleetSizes.most));
  }
  return largest;
}

Experiment read_experiment(const Node& root, Findings& findings) {
  Experiment experiment;
  const MapReader top(root, "", experiment_schema(), findings);
  experiment.name = top.name("experiment").value_or("");
  experiment.description = top.text("description", Presence::optional).value_or("");
  take(top.integer("backends", kBackends, Presence::optional), experiment.backends);
  experiment.streams = read_streams(top, findings);
  experiment.clients = read_clients(top, findings);
  FleetPlan fleet;
  if (const Node* node = top.map("fleet", Presence::required)) {
    fleet = read_fleet(*node, "fleet", fleet, Presence::required, findings);
  }
  LimitPlan limits;
  if (const Node* node = top.map("limits", Presence::optional)) {
    limits = read_limits(*node, "limits", limits, largest_end(top, fleet), findings);
  }
  experiment.arms = read_arms(top, fleet, limits, experiment.clients, findings);
  refuse_dependents_beside_host_limits(experiment, findings);
  return experiment;
}

void leave_out_arms_but(Node& root, std::string_view name) {
  const auto arms = root.index_of("arms");
  if (!arms) return;
  std::erase_if(root.items[*arms].items, [name](const Node& arm) {
    const auto at = arm.index_of("name");
    return !at || arm.items[*at].text != name;
  });
}

}  // namespace

Experiment parse_experiment(std::string_view text, std::string_view file,
                            const std::vector<std::string>& overrides, std::string_view only_arm) {
  Tree tree = load_tree(text);
  Findings findings;
  findings.add(tree.findings);
  Experiment experiment;
  if (tree.readable) {
    findings.add(apply_overrides(tree.root, overrides));
    if (!only_arm.empty()) leave_out_arms_but(tree.root, only_arm);
    experiment = read_experiment(tree.root, findings);
  }
  if (!findings.empty()) throw BadInput(std::string(file), findings.in_order());
  const bool as_written = overrides.empty() && only_arm.empty();
  experiment.source = as_written ? std::string(text) : to_yaml(tree.root);
  return experiment;
}

}  // namespace ceiling
