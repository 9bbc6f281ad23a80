#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/descriptor.h"
#include "cgroups/hierarchy.h"
#include "cgroups/memory_state.h"
#include "cgroups/pids_state.h"

namespace ceiling {

/// One control group that we own: a folder in the hierarchy of each controller asked for (one
/// folder where v2 carries them all). Move-only; the destructor kills and removes what is left and
/// never throws. All calls throw Error (or HostError with what to type) when the kernel says no.
/// Not for use by two threads at once, not between fork and exec.
class Cgroup {
 public:
  /// Creates `name` (one path component, not there yet) below the caller's own group in each
  /// hierarchy that carries one of `controllers`; "pids" must be available, the others are taken
  /// where they are. On v2, controllers are enabled for the children of the caller's group first; a
  /// caller (with its descendants) that is alone in a delegated group is moved to the group
  /// kCallerLeaf below it for that, and later calls start from the same parent. Where other
  /// processes stand in the way, HostError says how to start in a delegated group.
  static Cgroup create(const Hierarchy& hierarchy, const std::string& name,
                       const std::vector<std::string>& controllers = {"pids", "freezer", "memory"});
  static constexpr const char* kCallerLeaf = "ceiling-caller";

  /// Throws the HostError that create() would meet: no right to make a group here, a controller
  /// that is not handed down, a process in the way. Makes nothing, moves nobody.
  static void check_place(const Hierarchy& hierarchy,
                          const std::vector<std::string>& controllers = {"pids", "freezer",
                                                                         "memory"});

  /// The folders that create() is going to make, the pids one first: for a registry that must name
  /// them before they exist. Creates nothing.
  static std::vector<std::filesystem::path> planned_folders(
      const Hierarchy& hierarchy, const std::string& name,
      const std::vector<std::string>& controllers = {"pids", "freezer", "memory"});

  /// Takes over an existing group of ours by the folders that create() made (for clean-up after a
  /// dead run). Folders that are gone are passed over. Its pids_group() is "". Throws Error for a
  /// folder without our tag (its name does not begin with kTag).
  static Cgroup adopt(const std::vector<std::filesystem::path>& folders);

  static constexpr const char* kTag = "ceiling-";

  Cgroup(Cgroup&& other) noexcept = default;
  Cgroup& operator=(Cgroup&& other) noexcept;
  ~Cgroup();

  /// A group below this one, in the same hierarchies. On v2 this group must hold no process itself.
  Cgroup child(const std::string& name);

  /// The group as /proc/PID/cgroup shows it in the pids hierarchy.
  const std::string& pids_group() const { return pids_group_; }
  /// Every folder, the pids one first.
  const std::vector<std::filesystem::path>& folders() const { return folders_; }
  /// The folder in the hierarchy of `controller`, where the group has one.
  std::optional<std::filesystem::path> folder(const std::string& controller) const;

  void set_pids_max(std::optional<std::int64_t> tasks);
  PidsState pids() const;
  /// Swap included, where the kernel counts it: what does not fit is not swapped out but ends in
  /// the OOM killer. Throws HostError without a memory controller.
  void set_memory_max(std::int64_t bytes);
  /// CPU time of all tasks in it together, in percent of one CPU. Throws HostError without a cpu
  /// controller. sched-bwc.rst, cgroup-v2.rst "cpu.max".
  void set_cpu_percent(int percent);
  /// Where the memory controller is available.
  std::optional<MemoryState> memory() const;

  /// Descriptors, owned by the group and CLOEXEC, open for writing on the cgroup.procs file of
  /// every folder: a child writes "0" to each before exec and is born inside for all that is
  /// counted.
  std::vector<int> join_descriptors() const;
  /// Moves a whole process in. Never refused by pids.max.
  void join(pid_t pid);

  /// Stops every task in the group and below; returns when the kernel says that all are (v1
  /// freezer.state, v2 cgroup.events). Throws Error when they are not within two seconds.
  void freeze();
  void thaw();

  /// Ends every process in this group and below, frozen or forking, and waits until none is left
  /// (zombies are left to their parents). pids.max is 0 meanwhile, and stays so when it fails.
  /// Throws Error when some remain after `patience`, or when the caller itself stands in the group.
  void kill(std::chrono::milliseconds patience = std::chrono::seconds(2));
  /// kill(), then removes this group and everything below and verifies that the folders are gone.
  void destroy(std::chrono::milliseconds patience = std::chrono::seconds(2));

 private:
  Cgroup() = default;
  void add(const std::filesystem::path& folder);
  /// The one that has a file of either name.
  std::optional<std::filesystem::path> folder_with(const char* unified, const char* legacy) const;

  std::vector<std::filesystem::path> folders_;
  std::vector<Descriptor> procs_;  ///< cgroup.procs of each folder
  std::vector<std::string> controllers_;
  std::string pids_group_;
};

}  // namespace ceiling
