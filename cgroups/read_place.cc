#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>

#include "cgroups/control_file.h"
#include "cgroups/namespaces.h"
#include "cgroups/pids_state.h"
#include "cgroups/read_facts.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

/// A line of /proc/PID/status in kB.
Reading status_bytes(const std::string& status, const std::string& key) {
  const auto line = value_of(status, key + ":");
  // A kernel thread and a zombie have no memory.
  if (!line) return unseen("the process has no " + key);
  return seen(parse_count(words(*line).at(0), key).value_or(0) * 1024);
}

/// The soft limit of a line of /proc/PID/limits.
Reading soft_limit(const std::string& limits, const std::string& title) {
  const auto line = value_of(limits, title);
  if (!line) return unseen("/proc/PID/limits has no line '" + title + "'");
  return seen(parse_count(words(*line).at(0), title));
}

/// Lines of /proc/PID/maps, without the page that the kernel shows and does not count.
void read_maps(const fs::path& process, PlaceFacts& place) {
  try {
    const std::string maps = read_file(process / "maps");
    std::int64_t lines = std::count(maps.begin(), maps.end(), '\n');
    if (maps.find("[vsyscall]") != std::string::npos) --lines;
    place.maps = seen(lines);
    place.has_heap = maps.find("[heap]") != std::string::npos;
  } catch (const FileError& error) {
    place.maps = unseen(error.what());
  }
}

Reading open_descriptors(const fs::path& process) {
  std::error_code unreadable;
  fs::directory_iterator entries(process / "fd", unreadable);
  if (unreadable) return unseen("read " + (process / "fd").string() + ": " + unreadable.message());
  return seen(std::distance(entries, {}));
}

void read_credentials(const std::string& status, const fs::path& process, PlaceFacts& place) {
  const unsigned long long effective =
      std::stoull(value_of(status, "CapEff:").value_or("0"), nullptr, 16);
  const auto has = [effective](int capability) { return (effective & 1ULL << capability) != 0; };
  const auto uids = value_of(status, "Uid:");
  place.uid = static_cast<uid_t>(
      parse_count(words(uids.value_or("0")).at(0), (process / "status").string()).value_or(0));
  place.first_user_namespace = in_first_user_namespace(process);
  place.first_pid_namespace = in_first_pid_namespace(process);
  place.caps_admin = has(CAP_SYS_ADMIN);
  place.caps_exempt_nproc = has(CAP_SYS_ADMIN) || has(CAP_SYS_RESOURCE);
  place.caps_exempt_memlock = place.first_user_namespace && has(CAP_IPC_LOCK);
}

void read_process(const fs::path& process, bool own, PlaceFacts& place) {
  const auto status = read_file_if_there(process / "status");
  const auto limits = read_file_if_there(process / "limits");
  if (!status || !limits) throw Error("process " + std::to_string(place.pid) + " is gone");
  read_credentials(*status, process, place);
  place.nproc = soft_limit(*limits, "Max processes");
  place.as = soft_limit(*limits, "Max address space");
  place.data = soft_limit(*limits, "Max data size");
  place.memlock = soft_limit(*limits, "Max locked memory");
  place.nofile = soft_limit(*limits, "Max open files");
  place.stack = soft_limit(*limits, "Max stack size");
  // Reading the maps and the descriptors takes memory: the sizes of our own come last.
  read_maps(process, place);
  place.descriptors = open_descriptors(process);
  const std::string memory = read_file_if_there(process / "status").value_or("");
  place.vm_size = status_bytes(memory, "VmSize");
  place.vm_data = status_bytes(memory, "VmData");
  place.vm_locked = status_bytes(memory, "VmLck");
  if (own) place.heap = own_heap();
}

void read_pids_groups(const Hierarchy& hierarchy, PlaceFacts& place) {
  for (const PidsState& state : pids_path(hierarchy, place.pids_group)) {
    place.pids.push_back(
        {state.group, (state.folder / "pids.max").string(), state.max, state.current});
  }
  // Only the root of the whole hierarchy has no pids.max: a mount point that has one is not it.
  const std::string& top = hierarchy.controller("pids")->root;
  place.ancestors_hidden = !place.pids.empty() && place.pids.back().group == top;
}

/// The limit and the use of one group of the memory controller; nothing for the root.
std::optional<GroupFacts> memory_of(const fs::path& folder, const std::string& group,
                                    CgroupVersion version) {
  constexpr std::int64_t kUnlimitedOnV1 = std::int64_t{1} << 62;  // PAGE_COUNTER_MAX, and rounded
  const bool v1 = version == CgroupVersion::v1;
  const fs::path limit = folder / (v1 ? "memory.limit_in_bytes" : "memory.max");
  const fs::path use = folder / (v1 ? "memory.usage_in_bytes" : "memory.current");
  const auto text = read_file_if_there(limit);
  const auto used = read_file_if_there(use);
  if (!text || !used) return std::nullopt;
  GroupFacts facts{group, limit.string(), parse_count(*text, limit.string()),
                   parse_count(*used, use.string()).value_or(0)};
  if (facts.max && *facts.max >= kUnlimitedOnV1) facts.max.reset();
  return facts;
}

void read_memory_groups(const Hierarchy& hierarchy, PlaceFacts& place) {
  const ControllerMount& mount = *hierarchy.controller("memory");
  const fs::path leaf = hierarchy.folder("memory", place.memory_group);
  if (!fs::exists(leaf)) throw Error("there is no group " + place.memory_group + " for memory");
  for (fs::path group = place.memory_group;; group = group.parent_path()) {
    const fs::path folder = hierarchy.folder("memory", group.string());
    if (auto facts = memory_of(folder, group.string(), mount.version)) {
      place.memory.push_back(std::move(*facts));
    }
    if (group == mount.root || group == "/") break;
  }
  const auto control = read_file_if_there(leaf / "memory.oom_control");
  place.oom_kills = !control || value_of(*control, "oom_kill_disable").value_or("0") == "0";
}

/// A group that is named stands in the tree of pids; memory has the same one where both controllers
/// are on one mount.
std::string memory_group(const Hierarchy& hierarchy, const Target& target) {
  const bool together =
      hierarchy.controller("pids") != nullptr &&
      hierarchy.controller("pids")->mount_point == hierarchy.controller("memory")->mount_point;
  if (target.group && together) return *target.group;
  return hierarchy.group_of(target.pid, "memory");
}

/// Why the groups of a controller that is not mounted here cannot be seen; empty where the kernel
/// has none but the root, which has no limit. /proc/cgroups: name, hierarchy, number of groups.
std::string out_of_sight(const Hierarchy& hierarchy, const std::string& controller) {
  const std::string known = read_file_if_there(hierarchy.root() / "proc/cgroups").value_or("");
  const auto line = value_of(known, controller + "\t");
  const std::vector<std::string> fields = words(line.value_or(""));
  if (fields.size() < 2 || fields[1] == "1") return "";
  return "the " + controller + " controller is not mounted here, and has " + fields[1] + " groups";
}

}  // namespace

PlaceFacts read_place(const Hierarchy& hierarchy, const Target& target) {
  const bool own = target.pid == 0;
  const fs::path process = hierarchy.root() / "proc" / (own ? "self" : std::to_string(target.pid));
  PlaceFacts place;
  place.kind = target.group ? "cgroup" : own ? "self" : "pid";
  place.pid = own ? ::getpid() : target.pid;
  place.heap = target.heap;
  // Before the process is read, so that its own sizes are read last.
  if (hierarchy.controller("pids") != nullptr) {
    place.pids_group = target.group ? *target.group : hierarchy.group_of(target.pid, "pids");
    try {
      read_pids_groups(hierarchy, place);
    } catch (const HostError& error) {
      if (target.group) throw Error(error.what());
      place.no_pids = error.what();
    }
  } else {
    place.no_pids = out_of_sight(hierarchy, "pids");
  }
  if (hierarchy.controller("memory") != nullptr) {
    try {
      place.memory_group = memory_group(hierarchy, target);
      read_memory_groups(hierarchy, place);
    } catch (const Error& error) {
      place.no_memory = error.what();
    }
  } else {
    place.no_memory = out_of_sight(hierarchy, "memory");
  }
  read_process(process, own, place);
  if (target.uid && *target.uid != place.uid) {
    place.uid = *target.uid;
    place.caps_exempt_nproc = place.caps_exempt_memlock = place.caps_admin = false;
  }
  return place;
}

}  // namespace ceiling
