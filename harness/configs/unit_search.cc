#include "harness/configs/unit_search.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "harness/configs/config_file.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxUnitName = 255;

constexpr std::array<std::string_view, 13> kLoadPath{
    "/etc/systemd/system.control",   "/run/systemd/system.control",  "/run/systemd/transient",
    "/run/systemd/generator.early",  "/etc/systemd/system",          "/etc/systemd/system.attached",
    "/run/systemd/system",           "/run/systemd/system.attached", "/run/systemd/generator",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",      "/lib/systemd/system",
    "/run/systemd/generator.late"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kTypes{
    {{".service", "Service"},
     {".slice", "Slice"},
     {".scope", "Scope"},
     {".socket", "Socket"},
     {".mount", "Mount"},
     {".swap", "Swap"},
     {".device", ""},
     {".automount", ""},
     {".target", ""},
     {".path", ""},
     {".timer", ""}}};

/// "foo-bar@x.service" is foo-bar, x, .service.
struct UnitName {
  std::string prefix;
  std::optional<std::string> instance;  ///< "" in a template's own name
  std::string suffix;

  std::string full() const {
    return prefix + (instance ? "@" + *instance : std::string()) + suffix;
  }
};

UnitName split(std::string_view name) {
  UnitName unit;
  unit.suffix = unit_suffix(name);
  const std::string_view stem = name.substr(0, name.size() - unit.suffix.size());
  const std::size_t at = stem.find('@');
  unit.prefix = stem.substr(0, at);
  if (at != std::string_view::npos) unit.instance = stem.substr(at + 1);
  return unit;
}

/// "foo-bar" -> "foo-"; "foo-" -> nothing; "foo-bar-" -> "foo-".
std::optional<std::string> shortened(std::string prefix) {
  if (prefix.ends_with('-')) prefix.pop_back();
  const std::size_t dash = prefix.rfind('-');
  if (dash == std::string::npos || dash == 0) return std::nullopt;
  return prefix.substr(0, dash + 1);
}

/// The names whose .d folders count, the most specific first: the name, its template, and the same
/// for its shorter prefix. The prefix of a template is no template (systemd, dropin.c).
std::vector<std::string> drop_in_names(const UnitName& unit) {
  const bool is_template = unit.instance && unit.instance->empty();
  std::vector<std::string> names{unit.full()};
  const auto append = [&names](const UnitName& other) {
    for (const std::string& name : drop_in_names(other)) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  };
  if (unit.instance && !is_template) append({unit.prefix, "", unit.suffix});
  if (const auto prefix = shortened(unit.prefix)) {
    append({*prefix, is_template ? std::nullopt : unit.instance, unit.suffix});
  }
  return names;
}

struct Fragment {
  std::string file;      ///< empty: none
  std::string alias_of;  ///< the name that a link leads to; empty where it is no alias
  bool masked = false;
};

bool is_file(const fs::path& root, const std::string& file) {
  const auto real = resolve(root, file);
  return real && (*real == "/dev/null" || read_config(root, *real));
}

/// A link to another folder of the load path by the same name is no alias.
std::string alias_of(const UnitName& wanted, const std::string& real) {
  const std::string name(base_name(real));
  if (unit_suffix(name) != wanted.suffix || name == wanted.full()) return "";
  UnitName target = split(name);
  if (target.instance && target.instance->empty()) target.instance = wanted.instance;
  return target.full() == wanted.full() ? "" : target.full();
}

Fragment find_fragment(const fs::path& root, const UnitName& unit) {
  std::vector<std::string> names{unit.full()};
  if (unit.instance && !unit.instance->empty()) {
    names.push_back(UnitName{unit.prefix, "", unit.suffix}.full());
  }
  for (const std::string& name : names) {
    for (const std::string_view folder : kLoadPath) {
      const std::string file = std::string(folder) + "/" + name;
      if (!is_file(root, file)) continue;
      const std::string real = *resolve(root, file);
      const bool masked = real == "/dev/null" || read_config(root, real)->empty();
      return {masked ? "" : real, masked ? "" : alias_of(unit, real), masked};
    }
  }
  return {};
}

}  // namespace

std::string_view unit_suffix(std::string_view name) {
  if (name.size() > kMaxUnitName || name.find('/') != std::string_view::npos) return {};
  for (const auto& [suffix, section] : kTypes) {
    if (name.size() > suffix.size() && name.ends_with(suffix)) {
      return name.substr(name.size() - suffix.size());
    }
  }
  return {};
}

std::string_view limits_section(std::string_view name) {
  const std::string_view wanted = unit_suffix(name);
  for (const auto& [suffix, section] : kTypes) {
    if (suffix == wanted) return section;
  }
  return {};
}

UnitFiles find_unit(const fs::path& root, std::string_view name) {
  UnitFiles files{std::string(name), "", {}};
  if (unit_suffix(name).empty()) return files;
  const UnitName unit = split(name);
  const Fragment fragment = find_fragment(root, unit);
  if (fragment.masked) return files;
  files.fragment = fragment.file;
  std::vector<std::string> folders;
  const auto add = [&folders](std::string_view folder, const std::string& drop_ins_of) {
    folders.push_back(std::string(folder) + "/" + drop_ins_of + ".d");
  };
  std::vector<UnitName> names{unit};  // the unit's own name before that of its alias
  if (!fragment.alias_of.empty()) names.insert(names.begin(), split(fragment.alias_of));
  for (const UnitName& one : names) {
    const std::vector<std::string> ones = drop_in_names(one);
    for (const std::string_view folder : kLoadPath) {
      for (const std::string& other : ones) add(folder, other);
    }
  }
  for (const std::string_view folder : kLoadPath) add(folder, unit.suffix.substr(1));
  files.drop_ins = conf_files(root, folders);
  return files;
}

}  // namespace ceiling
