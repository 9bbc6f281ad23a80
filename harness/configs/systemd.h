#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "harness/configs/limits_conf.h"
#include "harness/configs/origin.h"
#include "harness/configs/unit_file.h"
#include "harness/configs/unit_search.h"

namespace ceiling {

/// TasksMax for pids.max, MemoryMax for memory.max, LimitNPROC for RLIMIT_NPROC and so on; empty
/// for limits that systemd does not set.
std::string directive_of(std::string_view limit);

/// What percentages are of, by /proc/sys/kernel and /proc/meminfo below `root`.
Whole whole_of(const std::filesystem::path& root);

/// The line that gave `unit` its `directive` (directive_of()): the last one of its drop-ins and
/// fragment that systemd does not ignore, and where the unit says nothing or takes it back with an
/// empty value, DefaultTasksMax= or DefaultLimit...= of system.conf and system.conf.d
/// (systemd-system.conf(5)), then systemd's built-in default where that is fixed and holds.
/// An empty Limit...= is a reset or is ignored (systemd 252), whichever tells the value in force.
/// `value` is what is in force, `kind` which half of "soft:hard" it is (of no meaning to TasksMax
/// and MemoryMax). A line with another value is named with both values and `in_force` false. A file
/// of `unit` that cannot be read says nothing.
Origin unit_origin(const std::filesystem::path& root, const UnitFiles& unit,
                   std::string_view directive, Amount value, LimitKind kind = LimitKind::soft);

/// The unit that a group belongs to as its last component: /system.slice/demo.service.
struct GroupUnit {
  std::string name;
  bool of_user_manager = false;  ///< below user@UID.service: `systemctl --user`
};
/// Nothing for a group that is no unit's own (a group that a service made for itself).
std::optional<GroupUnit> unit_of_group(std::string_view group);

}  // namespace ceiling
