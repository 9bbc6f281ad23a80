#include "harness/configs/systemd.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "harness/configs/config_file.h"
#include "harness/configs/text.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

/// A line that systemd takes, and what it makes of it.
struct Setting {
  std::string file;
  Assignment assignment;
  SoftHard value;
};

enum class Empty { resets, is_ignored };

/// The last setting that stands; nothing where there is none, or an empty one took it back.
std::optional<Setting> last_setting(const fs::path& root, const std::vector<std::string>& files,
                                    std::string_view section, std::string_view directive,
                                    const Whole& whole, Empty empty) {
  std::optional<Setting> last;
  for (const std::string& file : files) {
    const std::string text = read_config(root, file).value_or("");
    for (const Assignment& assignment : assignments(text, section, directive)) {
      if (assignment.value.empty()) {
        if (empty == Empty::resets) last.reset();
      } else if (const auto value = directive_value(directive, assignment.value, whole)) {
        last = Setting{file, assignment, *value};
      }
    }
  }
  return last;
}

/// The first system.conf of its folders, then the drop-ins of all of them.
std::vector<std::string> manager_files(const fs::path& root) {
  static const std::vector<std::string> folders{
      "/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd"};
  std::vector<std::string> files, drop_in_folders;
  for (const std::string& folder : folders) {
    if (files.empty() && read_config(root, folder + "/system.conf")) {
      files.push_back(folder + "/system.conf");
    }
    drop_in_folders.push_back(folder + "/system.conf.d");
  }
  for (const std::string& file : conf_files(root, drop_in_folders)) files.push_back(file);
  return files;
}

Amount half(const SoftHard& value, LimitKind kind) {
  return kind == LimitKind::soft ? value.soft : value.hard;
}

Origin origin_of(const Setting& setting, std::string_view directive, Amount value, LimitKind kind) {
  const bool in_force = half(setting.value, kind) == value;
  Origin origin{Origin::Source::unit_file, in_force, setting.file, setting.assignment.line, ""};
  origin.text = fmt::format("{}:{}", setting.file, setting.assignment.line);
  if (!in_force) {
    origin.text += fmt::format(" says {}={}, {} is in force: changed since the unit was started",
                               directive, setting.assignment.value, amount_text(value));
  }
  return origin;
}

/// Fixed when systemd is built (systemd-system.conf(5)).
std::string_view built_in_default(std::string_view directive) {
  if (directive == "DefaultTasksMax") return "15%";
  if (directive == "DefaultLimitNOFILE") return "1024:524288";
  if (directive == "DefaultLimitMEMLOCK") return "8M";
  return {};
}

Origin manager_origin(const fs::path& root, const std::string& directive, Amount value,
                      LimitKind kind, const Whole& whole) {
  if (const auto setting =
          last_setting(root, manager_files(root), "Manager", directive, whole, Empty::resets)) {
    return origin_of(*setting, directive, value, kind);
  }
  const std::string_view built_in = built_in_default(directive);
  const auto fixed = directive_value(directive, built_in, whole);
  if (!fixed || half(*fixed, kind) != value) return {};
  return {Origin::Source::systemd_default, true, "", 0,
          fmt::format("systemd default {}={}", directive, built_in)};
}

std::optional<std::int64_t> number_in(const fs::path& root, const std::string& file) {
  const std::string text = read_config(root, file).value_or("");
  return decimal(trimmed(text));
}

}  // namespace

std::string directive_of(std::string_view limit) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kDirectives{
      {{"pids.max", "TasksMax"},
       {"memory.max", "MemoryMax"},
       {"RLIMIT_NPROC", "LimitNPROC"},
       {"RLIMIT_AS", "LimitAS"},
       {"RLIMIT_DATA", "LimitDATA"},
       {"RLIMIT_MEMLOCK", "LimitMEMLOCK"},
       {"RLIMIT_NOFILE", "LimitNOFILE"},
       {"RLIMIT_STACK", "LimitSTACK"}}};
  for (const auto& [name, directive] : kDirectives) {
    if (limit == name) return std::string(directive);
  }
  return "";
}

Whole whole_of(const fs::path& root) {
  Whole whole;
  const auto threads = number_in(root, "/proc/sys/kernel/threads-max");
  const auto pids = number_in(root, "/proc/sys/kernel/pid_max");
  if (threads && pids) whole.tasks = std::min(*threads, *pids - 1);
  const std::string memory = read_config(root, "/proc/meminfo").value_or("");
  for (const ConfigLine& line : lines_of(memory)) {
    const auto words = words_of(line.text);
    if (words.size() < 2 || words[0] != "MemTotal:") continue;
    if (const auto kib = decimal(words[1]); kib && *kib < (std::int64_t{1} << 50)) {
      whole.memory_bytes = *kib * 1024;
    }
  }
  return whole;
}

Origin unit_origin(const fs::path& root, const UnitFiles& unit, std::string_view directive,
                   Amount value, LimitKind kind) {
  const std::string_view section = limits_section(unit.name);
  if (section.empty()) return {};
  const Whole whole = whole_of(root);
  std::vector<std::string> files;
  if (!unit.fragment.empty()) files.push_back(unit.fragment);
  files.insert(files.end(), unit.drop_ins.begin(), unit.drop_ins.end());
  const auto setting = last_setting(root, files, section, directive, whole, Empty::resets);
  if (directive.starts_with("Limit") && !(setting && half(setting->value, kind) == value)) {
    const auto kept = last_setting(root, files, section, directive, whole, Empty::is_ignored);
    if (kept && half(kept->value, kind) == value) return origin_of(*kept, directive, value, kind);
  }
  if (setting) return origin_of(*setting, directive, value, kind);
  const bool has_default = directive.starts_with("Limit")
                               ? section != "Slice" && section != "Scope"
                               : directive == "TasksMax" && section != "Slice";
  if (!has_default) return {};
  return manager_origin(root, "Default" + std::string(directive), value, kind, whole);
}

std::optional<GroupUnit> unit_of_group(std::string_view group) {
  const std::string_view name = base_name(group);
  if (unit_suffix(name).empty() || limits_section(name).empty()) return std::nullopt;
  const std::string_view above = group.substr(0, group.size() - name.size());
  const std::size_t manager = above.find("/user@");
  const bool of_user = manager != std::string_view::npos &&
                       above.find(".service/", manager) != std::string_view::npos;
  return GroupUnit{std::string(name), of_user};
}

}  // namespace ceiling
