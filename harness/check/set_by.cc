#include "harness/check/set_by.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "cgroups/control_file.h"
#include "harness/configs/limits_conf.h"
#include "harness/configs/sysctl.h"
#include "harness/configs/systemd.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

/// The line of /proc/PID/limits of an rlimit, proc_pid_limits(5); empty for other limits.
std::string_view title_of(std::string_view limit) {
  if (limit == "RLIMIT_NPROC") return "Max processes";
  if (limit == "RLIMIT_AS") return "Max address space";
  if (limit == "RLIMIT_DATA") return "Max data size";
  if (limit == "RLIMIT_MEMLOCK") return "Max locked memory";
  if (limit == "RLIMIT_NOFILE") return "Max open files";
  return "";
}

std::optional<std::string> soft_limit(const fs::path& process, std::string_view title) {
  try {
    const auto line = value_of(read_file_if_there(process / "limits").value_or(""), title);
    return line ? std::optional<std::string>(words(*line).at(0)) : std::nullopt;
  } catch (const FileError&) {
    return std::nullopt;  // hidden from us
  }
}

/// The farthest ancestor of `pid` from which on all have the same soft limit as it has.
Origin inherited(const fs::path& root, std::int64_t pid, std::string_view title) {
  constexpr int kFarthest = 64;
  const auto process = [&](std::int64_t number) { return root / "proc" / std::to_string(number); };
  const auto value = soft_limit(process(pid), title);
  if (!value) return {};
  std::int64_t farthest = pid;
  for (int step = 0; step < kFarthest; ++step) {
    const auto status = read_file_if_there(process(farthest) / "status");
    const auto parent =
        parse_count(value_of(status.value_or(""), "PPid:").value_or("0"), "PPid").value_or(0);
    if (parent == 0 || soft_limit(process(parent), title) != value) break;
    farthest = parent;
  }
  const auto name =
      value_of(read_file_if_there(process(farthest) / "status").value_or(""), "Name:");
  Origin origin;
  origin.in_force = true;
  origin.text = farthest == pid
                    ? fmt::format("process {} itself, its parent has another", pid)
                    : fmt::format("inherited from pid {} ({})", farthest, name.value_or("?"));
  return origin;
}

class Finder {
 public:
  Finder(fs::path root, const Headroom& found, UnitFiles files, std::optional<Login> login)
      : root_(std::move(root)),
        place_(found.facts.place),
        files_(std::move(files)),
        login_(std::move(login)) {
    const auto unit = unit_of_group(place_.pids_group);
    if (!files_.name.empty()) {
      unit_ = files_.name;
    } else if (unit && !unit->of_user_manager) {
      unit_ = unit->name;
    }
  }

  const std::string& unit() const { return unit_; }

  Origin origin(const Limit& row) const {
    if (row.name == "pids.max" || row.name == "memory.max") return of_group(row);
    if (const std::string_view title = title_of(row.name); !title.empty()) {
      return of_process(row, title);
    }
    return sysctl_origin(root_, row.name, *row.value);
  }

 private:
  UnitFiles files_of(const std::string& name) const {
    return name == files_.name ? files_ : find_unit(root_, name);
  }

  Origin of_group(const Limit& row) const {
    const auto unit = unit_of_group(row.scope);
    if (unit && !unit->of_user_manager) {
      Origin origin = unit_origin(root_, files_of(unit->name), directive_of(row.name), row.value);
      if (!origin.text.empty()) return origin;
    }
    Origin origin;
    origin.in_force = true;
    if (!row.where.empty()) origin.text = "group file " + row.where;
    return origin;
  }

  Origin of_process(const Limit& row, std::string_view title) const {
    if (unit_.ends_with(".service")) {
      Origin origin = unit_origin(root_, files_of(unit_), directive_of(row.name), row.value);
      if (origin.in_force || place_.pid == 0) return origin;
    }
    const auto item = limits_conf_item(row.name);
    if (login_ && item) {
      Origin origin = limits_conf_origin(root_, *login_, *item, row.value, LimitKind::soft);
      if (origin.in_force) return origin;
    }
    return inherited(root_, place_.pid, title);
  }

  fs::path root_;
  const PlaceFacts& place_;
  UnitFiles files_;
  std::optional<Login> login_;
  std::string unit_;
};

}  // namespace

void find_settings(const fs::path& root, const Headroom& found, const UnitFiles& files,
                   Subject& subject) {
  const auto login = login_of(root, found.facts.place.uid);
  const Finder finder(root, found, files, login);
  if (login) subject.user = login->user;
  subject.unit = finder.unit();
  for (const Limit& row : found.limits) {
    if (!row.value || !row.applies) continue;
    const Origin origin = finder.origin(row);
    if (!origin.text.empty()) subject.settings.push_back({row.name, row.scope, origin});
  }
}

}  // namespace ceiling
