#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ceiling {

/// The files that make up a unit: FragmentPath and DropInPaths of `systemctl show`, drop-ins in the
/// order in which they are applied.
struct UnitFiles {
  std::string name;      ///< "demo.service"
  std::string fragment;  ///< empty: none (a slice or scope that nobody wrote down), or masked
  std::vector<std::string> drop_ins;
};

/// The same by the unit load path of systemd.unit(5) below `root`, for where systemd cannot be
/// asked: system units, aliases by symbolic link, templates, drop-ins of the name, of the template,
/// of every prefix that ends in a dash, and of the unit type. No fragment and no drop-ins for a
/// name that is no unit's and for a masked unit.
UnitFiles find_unit(const std::filesystem::path& root, std::string_view name);

/// ".service" and so on, with the dot; empty for a name that is no unit's.
std::string_view unit_suffix(std::string_view name);

/// The section that holds limits: [Service] for a service; empty for types that have none.
std::string_view limits_section(std::string_view name);

}  // namespace ceiling
