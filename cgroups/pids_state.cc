#include "cgroups/pids_state.h"

#include "cgroups/control_file.h"

namespace ceiling {

namespace fs = std::filesystem;

PidsState read_pids(const fs::path& folder, const std::string& group) {
  const fs::path max = folder / "pids.max";
  const fs::path current = folder / "pids.current";
  PidsState state;
  state.group = group;
  state.folder = folder;
  state.max = parse_count(read_file(max), max.string());
  state.current = parse_count(read_file(current), current.string()).value_or(0);
  const auto peak = read_file_if_there(folder / "pids.peak");
  if (peak) state.peak = parse_count(*peak, "pids.peak");
  const auto events = value_of(read_file_if_there(folder / "pids.events").value_or(""), "max ");
  if (events) state.events = parse_count(*events, "pids.events").value_or(0);
  return state;
}

std::vector<PidsState> pids_path(const Hierarchy& hierarchy, const std::string& path) {
  const ControllerMount* mount = hierarchy.controller("pids");
  if (mount == nullptr) throw HostError("the pids controller is not mounted", "see ceiling doctor");
  if (!fs::exists(hierarchy.folder("pids", path))) {
    throw Error("there is no group " + path + " for pids");
  }
  std::vector<PidsState> states;
  fs::path group = path;
  while (true) {
    const fs::path folder = hierarchy.folder("pids", group.string());
    if (fs::exists(folder / "pids.max")) states.push_back(read_pids(folder, group.string()));
    if (group == mount->root || group == "/") return states;
    group = group.parent_path();
  }
}

}  // namespace ceiling
