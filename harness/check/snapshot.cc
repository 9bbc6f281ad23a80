#include "harness/check/snapshot.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "harness/check/snapshot_fields.h"
#include "harness/experiment/experiment.h"
#include "harness/experiment/tree.h"

namespace ceiling {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSchema = "ceiling.snapshot/1";
constexpr std::int64_t kGreatest = std::int64_t{1} << 62;

using Source = Origin::Source;
constexpr std::array<std::pair<Source, std::string_view>, 6> kSources = {{
    {Source::unknown, "unknown"},
    {Source::kernel_default, "kernel default"},
    {Source::systemd_default, "systemd default"},
    {Source::sysctl, "sysctl"},
    {Source::limits_conf, "limits.conf"},
    {Source::unit_file, "unit file"},
}};
using Kind = Selector::Kind;
constexpr std::array<std::pair<Kind, std::string_view>, 4> kKinds = {
    {{Kind::self, "self"}, {Kind::pid, "pid"}, {Kind::unit, "unit"}, {Kind::cgroup, "cgroup"}}};

template <typename Names, typename Value>
std::string_view name_of(const Names& names, Value value) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const auto& one) { return one.first == value; });
  return found->second;
}

// ---- writing

struct Write {
  Json& object;

  template <typename T>
  void operator()(const char* name, const T& value) const {
    object[name] = json(value);
  }

 private:
  template <typename T>
  static Json json(const T& value) {
    return value;
  }
  static Json json(const std::optional<std::int64_t>& value) {
    return value ? Json(*value) : Json();
  }
  /// A number, null for unlimited, or why it was not seen.
  static Json json(const Reading& reading) {
    return reading.seen() ? json(reading.number) : Json(reading.unseen);
  }
  static Json json(const std::vector<GroupFacts>& groups) {
    Json list = Json::array();
    for (const GroupFacts& group : groups) {
      Json one;
      group_fields(group, Write{one});
      list.push_back(std::move(one));
    }
    return list;
  }
  static Json json(const std::optional<HeapFacts>& heap) {
    Json one;
    if (heap) heap_fields(*heap, Write{one});
    return one;
  }
  static Json json(Source source) { return name_of(kSources, source); }
};

Json document(const Subject& subject) {
  Json one;
  const Selector& selector = subject.selector;
  one["selector"] = {{"kind", name_of(kKinds, selector.kind)},
                     {"pid", selector.pid},
                     {"name", selector.name},
                     {"uid", selector.uid ? Json(*selector.uid) : Json()}};
  host_fields(subject.facts.host, Write{one["host"]});
  place_fields(subject.facts.place, Write{one["place"]});
  one["settings"] = Json::array();
  for (const Setting& setting : subject.settings) {
    setting_fields(setting, Write{one["settings"].emplace_back()});
  }
  one["unit"] = subject.unit;
  one["user"] = subject.user;
  return one;
}

// ---- reading

/// One object of the file, and what is wrong with it.
class Read {
 public:
  Read(const Json& object, std::string path, std::vector<Finding>& findings)
      : object_(object), path_(std::move(path)), findings_(findings) {
    if (!object.is_object()) refuse("", "an object");
  }

  template <typename T>
  void operator()(const char* name, T& into) const {
    if (!object_.is_object()) return;
    const auto found = object_.find(name);
    if (found == object_.end()) return refuse(name, "a member of that name");
    take(name, *found, into);
  }

  Read inside(const char* name) const {
    static const Json kNone;
    const bool there = object_.is_object() && object_.contains(name);
    return {there ? object_.at(name) : kNone, way(name), findings_};
  }
  /// Calls `each` with every object of a list.
  template <typename Each>
  void list(const char* name, const Each& each) const {
    if (!object_.is_object()) return;
    const auto found = object_.find(name);
    if (found == object_.end() || !found->is_array()) return refuse(name, "a list");
    for (std::size_t i = 0; i < found->size(); ++i) {
      each(Read((*found)[i], fmt::format("{}[{}]", way(name), i), findings_));
    }
  }
  template <typename Names, typename Value>
  void one_of(const char* name, const Names& names, Value& into) const {
    std::string text;
    (*this)(name, text);
    for (const auto& [value, known] : names) {
      if (known == text) into = value;
    }
    if (name_of(names, into) != text) refuse(name, "a kind that is known");
  }
  void refuse(const std::string& name, std::string_view expected) const {
    std::string found = "nothing";
    if (object_.is_object() && object_.contains(name)) found = shown(object_.at(name).dump());
    findings_.push_back(
        {.text = fmt::format("{}: found {}, expected {}", way(name),
                             name.empty() ? shown(object_.dump()) : found, expected)});
  }

 private:
  std::string way(const std::string& name) const {
    return path_.empty() ? name : name.empty() ? path_ : path_ + "." + name;
  }

  template <typename T>
  static bool fits(const Json& value) {
    if (!value.is_number_integer()) return false;
    if (value.is_number_unsigned() &&
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(kGreatest)) {
      return false;
    }
    const auto number = value.get<std::int64_t>();
    return number >= 0 && std::in_range<T>(number);
  }

  template <typename T>
  void take(const char* name, const Json& value, T& into) const {
    if constexpr (std::is_same_v<T, std::string>) {
      if (!value.is_string()) return refuse(name, "a text");
      into = value.get<std::string>();
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!value.is_boolean()) return refuse(name, "true or false");
      into = value.get<bool>();
    } else {
      static_assert(std::is_integral_v<T>);
      if (!fits<T>(value)) return refuse(name, "a whole number from 0 on");
      into = static_cast<T>(value.get<std::int64_t>());
    }
  }
  void take(const char* name, const Json& value, std::optional<std::int64_t>& into) const {
    if (value.is_null()) return into.reset();
    if (!fits<std::int64_t>(value)) return refuse(name, "a whole number from 0 on, or null");
    into = value.get<std::int64_t>();
  }
  void take(const char* name, const Json& value, Reading& into) const {
    if (value.is_string() && !value.get<std::string>().empty()) {
      into = unseen(value.get<std::string>());
    } else if (value.is_null() || fits<std::int64_t>(value)) {
      into = seen(value.is_null() ? std::optional<std::int64_t>() : value.get<std::int64_t>());
    } else {
      refuse(name, "a whole number from 0 on, null for unlimited, or why it was not seen");
    }
  }
  void take(const char* name, const Json&, std::vector<GroupFacts>& into) const {
    list(name, [&](const Read& one) { group_fields(into.emplace_back(), one); });
  }
  void take(const char* name, const Json& value, std::optional<HeapFacts>& into) const {
    if (value.is_null()) return into.reset();
    heap_fields(into.emplace(), inside(name));
    if (into->per_thread < 1) refuse(name, "per_thread_bytes of at least 1");
  }
  void take(const char* name, const Json&, Source& into) const { one_of(name, kSources, into); }

  const Json& object_;
  std::string path_;
  std::vector<Finding>& findings_;
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kHierarchies = {
    {{"legacy", "legacy"}, {"hybrid", "hybrid"}, {"unified", "unified"}, {"none", "none"}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kPlaces = {
    {{"self", "self"}, {"pid", "pid"}, {"unit", "unit"}, {"cgroup", "cgroup"}}};

Subject read_subject(const Read& one) {
  Subject subject;
  const Read selector = one.inside("selector");
  selector.one_of("kind", kKinds, subject.selector.kind);
  selector("pid", subject.selector.pid);
  selector("name", subject.selector.name);
  selector("uid", subject.selector.uid);
  host_fields(subject.facts.host, one.inside("host"));
  place_fields(subject.facts.place, one.inside("place"));
  std::string_view known = "none";
  one.inside("host").one_of("hierarchy", kHierarchies, known);
  known = "self";
  one.inside("place").one_of("kind", kPlaces, known);
  one.list("settings",
           [&](const Read& setting) { setting_fields(subject.settings.emplace_back(), setting); });
  one("unit", subject.unit);
  one("user", subject.user);
  return subject;
}

}  // namespace

std::string snapshot_json(const Snapshot& snapshot) {
  Json whole = {{"schema", kSchema},
                {"host", snapshot.host},
                {"taken", snapshot.taken},
                {"targets", Json::array()}};
  for (const Subject& subject : snapshot.subjects) whole["targets"].push_back(document(subject));
  return whole.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Snapshot parse_snapshot(std::string_view text, const std::string& file) {
  const auto refuse = [&](std::string finding) {
    return BadInput(file, {Finding{.line = 0, .column = 0, .text = std::move(finding)}});
  };
  const Json whole = Json::parse(text, nullptr, false);
  if (!whole.is_object()) {
    throw refuse("found no JSON object, expected what check --snapshot writes");
  }
  const auto schema = whole.find("schema");
  if (schema == whole.end() || *schema != kSchema) {
    throw refuse(fmt::format("found {}, expected the schema \"{}\"",
                             schema == whole.end() ? "no schema" : shown(schema->dump()), kSchema));
  }
  std::vector<Finding> findings;
  const Read top(whole, "", findings);
  Snapshot snapshot;
  top("host", snapshot.host);
  top("taken", snapshot.taken);
  top.list("targets", [&](const Read& one) { snapshot.subjects.push_back(read_subject(one)); });
  if (!findings.empty()) throw BadInput(file, std::move(findings));
  for (Subject& subject : snapshot.subjects) {
    subject.snapshot = fmt::format("{} at {}", snapshot.host, snapshot.taken);
  }
  return snapshot;
}

const Subject& subject_in(const Snapshot& snapshot, const Selector& selector,
                          const std::string& file) {
  const auto found = std::find_if(snapshot.subjects.begin(), snapshot.subjects.end(),
                                  [&](const Subject& one) { return one.selector == selector; });
  if (found != snapshot.subjects.end()) return *found;
  if (selector == Selector{} && snapshot.subjects.size() == 1) return snapshot.subjects.front();
  std::vector<std::string> known;
  for (const Subject& one : snapshot.subjects) known.push_back(one.selector.text());
  throw BadInput(file, {Finding{.text = fmt::format("found no target {}, expected one of: {}",
                                                    selector.text(), fmt::join(known, ", "))}});
}

}  // namespace ceiling
