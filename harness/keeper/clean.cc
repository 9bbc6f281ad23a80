#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "cgroups/cgroup.h"
#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "harness/keeper/end.h"
#include "harness/keeper/keeper.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

std::size_t processes_below(const fs::path& group) {
  std::size_t count = words(read_file_if_there(group / "cgroup.procs").value_or("")).size();
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(group, gone)) {
    if (entry.is_directory(gone)) {
      count += processes_below(entry.path());
    }
  }
  return count;
}

}  // namespace

std::vector<std::string> clean_up(const Registry& registry, const RegistryEntry& entry,
                                  bool dry_run) {
  if (entry.alive()) {
    throw Error("run " + entry.run_id + " is alive: it cleans up after itself");
  }
  const std::string verb = dry_run ? "would end " : "ended ";
  std::vector<std::string> lines;
  for (const fs::path& group : entry.groups) {
    if (fs::exists(group)) {
      lines.push_back(verb + std::to_string(processes_below(group)) + " processes in " +
                      group.string() + " and " + (dry_run ? "remove it" : "removed it"));
    }
  }
  if (!entry.data.empty() && fs::exists(entry.data)) {
    lines.push_back((dry_run ? "would remove " : "removed ") + entry.data.string());
  }
  const Restored restored = dry_run
                                ? restore_host_settings(entry.host_settings, true, registry.root())
                                : restore_and(entry, registry.root(),
                                              [&] { end_groups(entry, std::chrono::seconds(5)); });
  lines.insert(lines.end(), restored.done.begin(), restored.done.end());
  lines.insert(lines.end(), restored.left_alone.begin(), restored.left_alone.end());
  const fs::path file = registry.folder() / entry.run_id;
  if (fs::exists(file)) {
    lines.push_back((dry_run ? "would remove " : "removed ") + file.string());
  }
  if (!dry_run) {
    registry.remove(entry.run_id);
  }
  return lines;
}

std::vector<fs::path> stray_groups(const Hierarchy& hierarchy,
                                   const std::vector<RegistryEntry>& entries) {
  std::vector<fs::path> strays;
  // A made-up name tells the folders that ours would stand in.
  for (const fs::path& planned :
       Cgroup::planned_folders(hierarchy, Cgroup::kTag, {"pids", "freezer", "memory", "cpu"})) {
    for (const auto& found : fs::directory_iterator(planned.parent_path())) {
      const std::string name = found.path().filename();
      const bool named = std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
        return std::find(entry.groups.begin(), entry.groups.end(), found.path()) !=
               entry.groups.end();
      });
      if (name.starts_with(Cgroup::kTag) && name != Cgroup::kCallerLeaf && !named) {
        strays.push_back(found.path());
      }
    }
  }
  return strays;
}

std::vector<fs::path> stray_data(const std::vector<RegistryEntry>& entries) {
  std::vector<fs::path> strays;
  const std::string prefix = data_folder_for("").filename();
  for (const auto& found : fs::directory_iterator(data_folder_for("").parent_path())) {
    const std::string name = found.path().filename();
    struct stat status {};
    const bool of_root = ::lstat(found.path().c_str(), &status) == 0 && status.st_uid == 0 &&
                         S_ISDIR(status.st_mode);
    const bool named = std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
      return data_folder_for(entry.run_id) == found.path();
    });
    if (name.starts_with(prefix) && of_root && !named) strays.push_back(found.path());
  }
  return strays;
}

}  // namespace ceiling
