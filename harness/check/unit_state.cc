#include "harness/check/unit_state.h"

#include <algorithm>

namespace ceiling {
namespace {

std::string joined_path(const std::string& above, const std::string& name) {
  return (above == "/" ? "" : above) + "/" + name;
}

}  // namespace

std::string existing_group(const UnitState& unit) {
  const auto there = std::find_if(unit.slices.begin(), unit.slices.end(),
                                  [](const UnitState& one) { return !one.control_group.empty(); });
  return there == unit.slices.end() ? "/" : there->control_group;
}

void place_at_start(const UnitState& unit, const std::string& pids_folder, PlaceFacts& place) {
  place.kind = "unit";
  place.name = unit.name;
  place.pid = 0;
  place.heap.reset();
  place.has_heap = true;
  place.caps_exempt_nproc = place.caps_exempt_memlock = place.caps_admin = false;
  place.nproc = seen(unit.nproc);
  place.as = seen(unit.as);
  place.data = seen(unit.data);
  place.memlock = seen(unit.memlock);
  place.nofile = seen(unit.nofile);
  place.stack = seen(unit.stack);
  for (Reading* of_process :
       {&place.vm_size, &place.vm_data, &place.vm_locked, &place.maps, &place.descriptors}) {
    *of_process = unseen("the unit is not active");
  }
  std::vector<const UnitState*> to_come;  // from the outermost to the unit itself
  for (const UnitState& slice : unit.slices) {
    if (!slice.control_group.empty()) break;
    to_come.insert(to_come.begin(), &slice);
  }
  to_come.push_back(&unit);
  std::string group = existing_group(unit);
  std::string folder = pids_folder;
  for (const UnitState* one : to_come) {
    group = joined_path(group, one->name);
    folder += "/" + one->name;
    place.pids.insert(place.pids.begin(), {group, folder + "/pids.max", one->tasks_max, 0});
    place.memory.insert(place.memory.begin(), {group, "", one->memory_max, 0});
  }
  place.pids_group = place.memory_group = group;
}

}  // namespace ceiling
