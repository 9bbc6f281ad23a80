#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ceiling {

/// legacy: only v1 mounts; hybrid: v1 mounts and a v2 mount; unified: only v2. See cgroups(7).
enum class HierarchyMode { legacy, hybrid, unified };
std::string_view to_string(HierarchyMode mode);

enum class CgroupVersion { v1, v2 };

/// Where one controller is mounted.
struct ControllerMount {
  CgroupVersion version{};
  std::filesystem::path mount_point;  ///< as mountinfo says, e.g. /sys/fs/cgroup/pids
  std::string root;  ///< the group that appears at the mount point (mountinfo field 4), mostly "/"
};

/// What the kernel says about its control groups, read once. Which hierarchy carries a controller
/// is decided per controller by where it is mounted, not by the mode.
class Hierarchy {
 public:
  /// Reads proc/self/mountinfo and the v2 mount's cgroup.controllers below `root` ("/" on a host, a
  /// fake tree in tests). Throws Error when they cannot be read, HostError when no control group
  /// file system is mounted at all.
  static Hierarchy detect(const std::filesystem::path& root = "/");

  /// As where no control group file system is mounted: no controller is available.
  static Hierarchy none(const std::filesystem::path& root = "/");

  HierarchyMode mode() const { return mode_; }
  bool mounted() const { return !controllers_.empty(); }
  /// The `root` given to detect().
  const std::filesystem::path& root() const { return root_; }

  /// Where `controller` ("pids", "freezer", "memory") is mounted, or nullptr. On a hybrid host a
  /// controller that v1 carries is not available on v2. "freezer" on v2 is part of every group.
  /// Where a controller is mounted several times, the mount that shows most of the tree.
  const ControllerMount* controller(std::string_view controller) const;

  /// The group of process `pid` in the hierarchy of `controller`, as /proc/PID/cgroup says ("/x").
  /// `pid` 0 is the caller. Throws Error when the process, or its group, is gone.
  std::string group_of(pid_t pid, std::string_view controller) const;

  /// The folder of group `path` of `controller`, below the root given to detect(). Throws
  /// HostError when the group lies outside what is mounted here (a cgroup namespace, a bind mount).
  /// The folder itself may or may not exist.
  std::filesystem::path folder(std::string_view controller, std::string_view path) const;

 private:
  const ControllerMount& mount_of(std::string_view controller) const;
  void add(const std::string& controller, const ControllerMount& mount);

  std::filesystem::path root_;
  HierarchyMode mode_ = HierarchyMode::legacy;
  std::map<std::string, ControllerMount, std::less<>> controllers_;
};

}  // namespace ceiling
