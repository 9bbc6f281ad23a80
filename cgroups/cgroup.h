#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/hierarchy.h"

namespace ceiling {

/// The pids controller's state of one group (cgroup-v2.rst, "PID"; v1: pids.rst).
struct PidsState {
  std::string group;                ///< as in /proc/PID/cgroup
  std::filesystem::path folder;     ///< its folder below the mount
  std::optional<std::int64_t> max;  ///< nothing: unlimited
  std::int64_t current = 0;         ///< tasks in the group and below
  std::int64_t events = 0;          ///< the `max` line of pids.events: refusals counted here
};

/// pids state of `path` and of every ancestor that has one, leaf first; the root has none.
std::vector<PidsState> pids_path(const Hierarchy& hierarchy, const std::string& path);

/// One control group that we own: a folder in the hierarchy of each controller asked for (one
/// folder where v2 carries them all). Move-only; the destructor kills and removes what is left and
/// never throws. All calls throw Error (or HostError with what to type) when the kernel says no.
class Cgroup {
 public:
  /// Creates `name` (one path component) below the caller's own group in each hierarchy that
  /// carries one of `controllers`; "pids" must be available, the others are taken where they are.
  /// On v2, controllers are enabled for the children of the caller's group first; where that is
  /// refused because processes stand in the way, HostError says how to start in a delegated group.
  static Cgroup create(const Hierarchy& hierarchy, const std::string& name,
                       const std::vector<std::string>& controllers = {"pids", "freezer", "memory"});

  /// Takes over an existing group of ours by the folders that create() made (for clean-up after a
  /// dead run). Folders that are gone are passed over.
  static Cgroup adopt(std::vector<std::filesystem::path> folders);

  Cgroup(Cgroup&& other) noexcept;
  Cgroup& operator=(Cgroup&& other) noexcept;
  ~Cgroup();

  /// A group below this one, in the same hierarchies.
  Cgroup child(const std::string& name);

  /// The group as /proc/PID/cgroup shows it in the pids hierarchy.
  const std::string& pids_group() const;
  /// Every folder, the pids one first.
  const std::vector<std::filesystem::path>& folders() const;
  /// The folder in the hierarchy of `controller`, where the group has one.
  std::optional<std::filesystem::path> folder(const std::string& controller) const;

  void set_pids_max(std::optional<std::int64_t> tasks);
  PidsState pids() const;
  /// Bytes charged to the group and below (v1 memory.usage_in_bytes, v2 memory.current), where the
  /// memory controller is available. On v1 kernel memory is part of it unless booted otherwise.
  std::optional<std::int64_t> memory_bytes() const;

  /// Descriptors, owned by the group and CLOEXEC, open for writing on the cgroup.procs file of
  /// every folder: a child writes "0" to each before exec and is born inside for all that is
  /// counted.
  std::vector<int> join_descriptors() const;
  /// Moves a whole process in. Never refused by pids.max.
  void join(pid_t pid);

  void freeze();
  void thaw();

  /// Ends every process in this group and below, frozen or forking, and waits until none is left
  /// (zombies are left to their parents). Throws Error when some remain after `patience`.
  void kill(std::chrono::milliseconds patience = std::chrono::seconds(2));
  /// kill(), then removes this group and everything below and verifies that the folders are gone.
  void destroy(std::chrono::milliseconds patience = std::chrono::seconds(2));

 private:
  Cgroup() = default;
  struct Folder;
  std::vector<std::filesystem::path> folders_;
};

}  // namespace ceiling
