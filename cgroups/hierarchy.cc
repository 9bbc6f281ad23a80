#include "cgroups/hierarchy.h"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>

#include "cgroups/control_file.h"
#include "cgroups/error.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

/// One line of /proc/PID/mountinfo, proc_pid_mountinfo(5).
struct Mount {
  std::string root;
  fs::path point;
  std::string type;
  std::string super_options;
};

/// mountinfo writes space, tab, newline and backslash as three octal digits.
std::string unescaped(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool octal = text[i] == '\\' && i + 3 < text.size() &&
                       std::all_of(&text[i + 1], &text[i + 1] + 3,
                                   [](char digit) { return digit >= '0' && digit <= '7'; });
    if (octal) {
      plain += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::optional<Mount> parse_mount(const std::string& line) {
  const std::vector<std::string> fields = words(line);
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (dash - fields.begin() < 6 || fields.end() - dash < 4) return std::nullopt;
  return Mount{unescaped(fields[3]), unescaped(fields[4]), dash[1], dash[3]};
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::istringstream stream(text);
  std::vector<std::string> parts;
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

/// v1 lists its controllers among the super block options, cgroups(7).
std::vector<std::string> v1_controllers(const std::string& super_options) {
  static constexpr std::array<std::string_view, 9> kOthers = {
      "rw",          "ro", "none", "all", "xattr", "noprefix", "clone_children", "cpuset_v2_mode",
      "favordynmods"};
  std::vector<std::string> found;
  for (const std::string& option : split(super_options, ',')) {
    const bool other = std::find(kOthers.begin(), kOthers.end(), option) != kOthers.end();
    if (!other && option.find('=') == std::string::npos) found.push_back(option);
  }
  return found;
}

/// What is left of `path` below `top`, "" for top itself; nothing where it is not below.
std::optional<std::string> below(std::string_view path, std::string_view top) {
  if (top == "/") top = "";
  if (path == "/" && top.empty()) return "";
  if (!path.starts_with(top)) return std::nullopt;
  path.remove_prefix(top.size());
  if (!path.empty() && path.front() != '/') return std::nullopt;
  return std::string(path.substr(std::min<std::size_t>(1, path.size())));
}

bool climbs(const fs::path& path) {
  return std::find(path.begin(), path.end(), "..") != path.end();
}

std::vector<Mount> cgroup_mounts(const fs::path& root) {
  std::vector<Mount> found;
  for (const std::string& line : split(read_file(root / "proc/self/mountinfo"), '\n')) {
    std::optional<Mount> mount = parse_mount(line);
    if (!mount || (mount->type != "cgroup" && mount->type != "cgroup2")) continue;
    // A later mount on the same place hides the earlier one.
    std::erase_if(found, [&](const Mount& earlier) { return earlier.point == mount->point; });
    found.push_back(std::move(*mount));
  }
  return found;
}

}  // namespace

std::string_view to_string(HierarchyMode mode) {
  switch (mode) {
    case HierarchyMode::legacy:
      return "legacy";
    case HierarchyMode::hybrid:
      return "hybrid";
    case HierarchyMode::unified:
      return "unified";
  }
  return "?";
}

Hierarchy Hierarchy::detect(const fs::path& root) {
  const std::vector<Mount> mounts = cgroup_mounts(root);
  if (mounts.empty()) {
    throw HostError("no control group file system is mounted",
                    "mount -t cgroup2 none /sys/fs/cgroup");
  }
  Hierarchy hierarchy;
  hierarchy.root_ = root;
  const auto count = std::count_if(mounts.begin(), mounts.end(),
                                   [](const Mount& mount) { return mount.type == "cgroup2"; });
  hierarchy.mode_ = count == 0                                            ? HierarchyMode::legacy
                    : count == static_cast<std::ptrdiff_t>(mounts.size()) ? HierarchyMode::unified
                                                                          : HierarchyMode::hybrid;
  // v1 first: a controller that a v1 hierarchy carries cannot be on v2.
  for (const Mount& mount : mounts) {
    if (mount.type == "cgroup2") continue;
    for (const std::string& controller : v1_controllers(mount.super_options)) {
      hierarchy.add(controller, {CgroupVersion::v1, mount.point, mount.root});
    }
  }
  for (const Mount& mount : mounts) {
    if (mount.type != "cgroup2") continue;
    const fs::path file = root / mount.point.relative_path() / "cgroup.controllers";
    std::vector<std::string> controllers = words(read_file_if_there(file).value_or(""));
    controllers.emplace_back("freezer");
    for (const std::string& controller : controllers) {
      hierarchy.add(controller, {CgroupVersion::v2, mount.point, mount.root});
    }
  }
  return hierarchy;
}

Hierarchy Hierarchy::none(const fs::path& root) {
  Hierarchy hierarchy;
  hierarchy.root_ = root;
  return hierarchy;
}

void Hierarchy::add(const std::string& controller, const ControllerMount& mount) {
  const auto [place, added] = controllers_.emplace(controller, mount);
  if (added) return;
  ControllerMount& known = place->second;
  if (known.version != mount.version) return;
  if (mount.root.size() < known.root.size()) known = mount;
}

const ControllerMount* Hierarchy::controller(std::string_view controller) const {
  const auto place = controllers_.find(controller);
  return place == controllers_.end() ? nullptr : &place->second;
}

const ControllerMount& Hierarchy::mount_of(std::string_view controller) const {
  const ControllerMount* mount = this->controller(controller);
  if (mount == nullptr) {
    throw HostError("the " + std::string(controller) + " controller is not available here",
                    "grep " + std::string(controller) + " /proc/cgroups, and mount it");
  }
  return *mount;
}

std::string Hierarchy::group_of(pid_t pid, std::string_view controller) const {
  const ControllerMount& mount = mount_of(controller);
  const std::string process = pid == 0 ? "self" : std::to_string(pid);
  const auto text = read_file_if_there(root_ / "proc" / process / "cgroup");
  if (!text) throw Error("the groups of process " + process + ": there is no such process");
  for (const std::string& line : split(*text, '\n')) {
    // hierarchy-ID:controller-list:path, and the path may hold colons.
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string list = line.substr(first + 1, second - first - 1);
    const std::vector<std::string> names = split(list, ',');
    const bool carries = mount.version == CgroupVersion::v2
                             ? line.starts_with("0::")
                             : std::find(names.begin(), names.end(), controller) != names.end();
    if (!carries) continue;
    std::string group = line.substr(second + 1);
    if (!group.ends_with(" (deleted)")) return group;
    throw Error("process " + process + " is in a group that was removed: " + group);
  }
  throw Error("process " + process + " has no group for " + std::string(controller));
}

fs::path Hierarchy::folder(std::string_view controller, std::string_view path) const {
  const ControllerMount& mount = mount_of(controller);
  const std::optional<std::string> rest = below(path, mount.root);
  if (!rest || climbs(*rest)) {
    throw HostError("group " + std::string(path) + " is outside of what " +
                        mount.mount_point.string() + " shows (" + mount.root + " and below)",
                    "mount the control groups again in this cgroup namespace, or leave it");
  }
  const fs::path at = root_ / mount.mount_point.relative_path();
  return rest->empty() ? at : at / *rest;
}

}  // namespace ceiling
