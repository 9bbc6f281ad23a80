#include "harness/check/what_if.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/experiment/schema.h"
#include "harness/experiment/tree.h"

namespace ceiling {
namespace {

constexpr std::int64_t kGreatest = std::int64_t{1} << 62;

enum class Counts { tasks, bytes, mode };

/// The limits that are one reading of the host or of the place.
struct OneReading {
  std::string_view name;
  Counts counts;
  Reading HostFacts::*of_host;
  Reading PlaceFacts::*of_place;
};

constexpr std::array<OneReading, 10> kReadings = {{
    {"RLIMIT_NPROC", Counts::tasks, nullptr, &PlaceFacts::nproc},
    {"kernel.threads-max", Counts::tasks, &HostFacts::threads_max, nullptr},
    {"kernel.pid_max", Counts::tasks, &HostFacts::pid_max, nullptr},
    {"vm.max_map_count", Counts::tasks, &HostFacts::max_map_count, nullptr},
    {"RLIMIT_AS", Counts::bytes, nullptr, &PlaceFacts::as},
    {"RLIMIT_DATA", Counts::bytes, nullptr, &PlaceFacts::data},
    {"RLIMIT_MEMLOCK", Counts::bytes, nullptr, &PlaceFacts::memlock},
    {"RLIMIT_STACK", Counts::bytes, nullptr, &PlaceFacts::stack},
    {"RLIMIT_NOFILE", Counts::tasks, nullptr, &PlaceFacts::nofile},
    {"vm.overcommit_memory", Counts::mode, &HostFacts::overcommit_memory, nullptr},
}};

std::vector<std::string_view> known_names() {
  std::vector<std::string_view> names = {"pids.max", "memory.max", "stack"};
  for (const OneReading& one : kReadings) names.push_back(one.name);
  return names;
}

const OneReading* reading_named(std::string_view name) {
  const auto found = std::find_if(kReadings.begin(), kReadings.end(),
                                  [&](const OneReading& one) { return one.name == name; });
  return found == kReadings.end() ? nullptr : &*found;
}

bool of_groups(std::string_view name) {
  return name == "pids.max" || name == "memory.max";
}

Counts counts_of(std::string_view name) {
  if (const OneReading* one = reading_named(name)) return one->counts;
  return name == "pids.max" ? Counts::tasks : Counts::bytes;
}

[[noreturn]] void refuse(std::string_view change, const std::string& text) {
  throw BadInput(fmt::format("--set {}", shown(change)),
                 {Finding{.line = 0, .column = 0, .text = text}});
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || number < 0 || number > kGreatest) return std::nullopt;
  return number;
}

/// True where `text` is a value; `value` is it then.
bool read_value(Counts counts, std::string_view text, std::optional<std::int64_t>& value) {
  if (counts != Counts::mode && (text == "max" || text == "unlimited")) return true;
  value = counts == Counts::bytes ? bytes_of(text) : number_of(text);
  return value && (counts != Counts::mode || *value <= 2);
}

std::string expected(Counts counts) {
  switch (counts) {
    case Counts::bytes:
      return "a number of bytes (also as 64K, 64M, 1G), or max";
    case Counts::mode:
      return "0, 1 or 2";
    case Counts::tasks:
      break;
  }
  return "a whole number, or max";
}

template <typename Place>
auto& groups_of(Place& place, std::string_view name) {
  return name == "pids.max" ? place.pids : place.memory;
}

const std::string& own_group(const PlaceFacts& place, std::string_view name) {
  return name == "pids.max" ? place.pids_group : place.memory_group;
}

/// The group that `change` names, as it stands in the facts; refused where the target is not below
/// it.
std::string group_of(const Change& change, const PlaceFacts& place) {
  const std::string& own = own_group(place, change.name);
  const std::string& wanted = change.group.empty() ? own : change.group;
  if (concerns(change, place)) return wanted;
  std::vector<std::string> known;
  for (const GroupFacts& group : groups_of(place, change.name)) known.push_back(group.group);
  if (known.empty()) {
    refuse(change.text, fmt::format("the target is in the group \"{}\", none on its path has a {}",
                                    own, change.name));
  }
  refuse(change.text, fmt::format("found the group {}, expected one on the path of the target: {}",
                                  ceiling::quoted(wanted), fmt::join(known, ", ")));
}

void remember(const Change& change, std::string_view scope, Subject& subject) {
  Origin origin;
  origin.in_force = true;
  origin.text = "--set " + change.text;
  std::erase_if(subject.settings, [&](const Setting& setting) {
    return setting.limit == change.name && (scope.empty() || setting.scope == scope);
  });
  if (!scope.empty()) subject.settings.push_back({change.name, std::string(scope), origin});
}

/// The scope that the row of a limit has.
std::string scope_of(std::string_view name, const Facts& facts) {
  for (const Limit& row : headroom(facts, {.threads_per_peer = 1}).limits) {
    if (row.name == name) return row.scope;
  }
  return "";
}

}  // namespace

std::optional<std::int64_t> bytes_of(std::string_view text) {
  constexpr std::string_view kUnits = "KMGT";
  const auto unit = text.empty() ? std::string_view::npos : kUnits.find(text.back());
  if (unit == std::string_view::npos) return number_of(text);
  const auto number = number_of(text.substr(0, text.size() - 1));
  const int shift = 10 * (static_cast<int>(unit) + 1);
  if (!number || *number > kGreatest >> shift) return std::nullopt;
  return *number << shift;
}

Change parse_change(std::string_view text) {
  const auto equals = text.rfind('=');
  if (equals == std::string_view::npos) refuse(text, "found no \"=\", expected NAME=VALUE");
  const std::string_view left = text.substr(0, equals);
  const auto colon = left.find(':');
  Change change{.name = std::string(left.substr(0, colon)), .group = "", .text = std::string(text)};
  if (colon != std::string_view::npos) change.group = left.substr(colon + 1);
  const auto names = known_names();
  if (std::find(names.begin(), names.end(), change.name) == names.end()) {
    refuse(text, fmt::format("found the unknown name {}, nearest known name: {}",
                             ceiling::quoted(change.name), nearest(change.name, names)));
  }
  if (colon != std::string_view::npos && (!of_groups(change.name) || change.group.empty())) {
    refuse(text, fmt::format("found a group, expected one after pids.max: or memory.max: only"));
  }
  const Counts counts = counts_of(change.name);
  const std::string_view value = text.substr(equals + 1);
  if (!read_value(counts, value, change.value)) {
    refuse(text, fmt::format("found {}, expected {}", ceiling::quoted(value), expected(counts)));
  }
  if (change.name == "stack") check_stack(change.value.value_or(0), "--set stack");
  return change;
}

void set_limit(Facts& facts, std::string_view name, std::string_view scope,
               std::optional<std::int64_t> value) {
  if (of_groups(name)) {
    for (GroupFacts& group : groups_of(facts.place, name)) {
      if (group.group == scope) group.max = value;
    }
  } else if (const OneReading* one = reading_named(name)) {
    (one->of_host != nullptr ? facts.host.*one->of_host : facts.place.*one->of_place) = seen(value);
  }
}

bool concerns(const Change& change, const PlaceFacts& place) {
  if (!of_groups(change.name)) return true;
  const std::string& wanted = change.group.empty() ? own_group(place, change.name) : change.group;
  const auto& groups = groups_of(place, change.name);
  return std::any_of(groups.begin(), groups.end(),
                     [&](const GroupFacts& group) { return group.group == wanted; });
}

void apply(const Change& change, Subject& subject, Need& need) {
  if (change.name == "stack") {
    need.stack = change.value;
    return;
  }
  if (of_groups(change.name)) {
    const std::string group = group_of(change, subject.facts.place);
    set_limit(subject.facts, change.name, group, change.value);
    remember(change, group, subject);
    return;
  }
  set_limit(subject.facts, change.name, "", change.value);
  remember(change, scope_of(change.name, subject.facts), subject);
}

}  // namespace ceiling
