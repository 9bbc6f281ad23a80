#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "cgroups/descriptor.h"
#include "cgroups/hierarchy.h"
#include "harness/keeper/registry.h"
#include "harness/spawn/launcher.h"

namespace ceiling {

/// The process that outlives the harness and ends everything that it started. In its own session, a
/// child subreaper (PR_SET_CHILD_SUBREAPER), parent of the launcher. It writes the registry entry
/// before anything is created, and when the harness says so, or is gone (its end of the socket
/// closes): ends the launcher, thaws, kills and reaps all, removes the groups named in the entry,
/// removes the entry, and ends. Ignores SIGINT, SIGTERM, SIGHUP: only the harness decides.
class Keeper {
 public:
  /// Forks keeper and launcher; the caller must be single-threaded. Returns when the registry entry
  /// is on disk. `entry` needs run_id, groups (Cgroup::planned_folders of "ceiling-<run id>"),
  /// results, and names and own values of the host settings that are going to be changed; entry()
  /// has pids, uids and the settings' previous values too. Throws HostError when there are not
  /// enough uids, or another run holds a setting, else Error.
  static Keeper start(const Registry& registry, RegistryEntry entry, int uid_count);
  Keeper(Keeper&& other) noexcept = default;
  Keeper& operator=(Keeper&& other) = delete;
  ~Keeper();  ///< as finish(), errors ignored

  Launcher& launcher() { return launcher_; }
  const RegistryEntry& entry() const { return entry_; }

  /// Has everything ended, restored and removed, waits for it and reaps the keeper. Does itself
  /// what it can when the keeper was killed. Returns what was left alone because somebody else
  /// changed it, a line each. Throws Error with what was left; the registry entry then stays. The
  /// second call does nothing.
  std::vector<std::string> finish(std::chrono::milliseconds patience = std::chrono::seconds(5));

 private:
  Keeper(Registry registry, RegistryEntry entry, Launcher launcher, Descriptor control);

  Registry registry_;
  RegistryEntry entry_;
  Launcher launcher_;
  Descriptor control_;  ///< none once finished
};

/// What `ceiling clean` does for one entry whose run is dead: restore the host's settings, kill and
/// remove its groups, then the entry. Idempotent. Throws Error when the run is alive, or with what
/// would not go; the entry then stays. Returns one line for everything that it did (or would do,
/// when `dry_run`).
std::vector<std::string> clean_up(const Registry& registry, const RegistryEntry& entry,
                                  bool dry_run);

/// Folders where the caller's own runs would stand that carry our tag and that no entry names. To
/// be reported only: what the registry does not name is not ours to touch.
std::vector<std::filesystem::path> stray_groups(const Hierarchy& hierarchy,
                                                const std::vector<RegistryEntry>& entries);

/// Likewise folders of records, as data_folder_for() names them, that root owns: after a reboot the
/// registry is gone, and they are not.
std::vector<std::filesystem::path> stray_data(const std::vector<RegistryEntry>& entries);

}  // namespace ceiling
