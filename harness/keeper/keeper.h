#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "harness/keeper/registry.h"
#include "harness/spawn/launcher.h"

namespace ceiling {

/// The process that outlives the harness and ends everything that it started. In its own session, a
/// child subreaper (PR_SET_CHILD_SUBREAPER), parent of the launcher. It writes the registry entry
/// before anything is created, and when the harness says so, or is gone (its end of the socket closes):
/// ends the launcher, thaws, kills and reaps all, removes the groups named in the entry, removes the
/// entry, and ends. Ignores SIGINT, SIGTERM, SIGHUP: only the harness decides.
class Keeper {
 public:
  /// Forks keeper and launcher; the caller must be single-threaded. Returns when the registry entry is on
  /// disk. `entry` needs no pids and uids yet; entry() has them. Throws Error.
  static Keeper start(const Registry& registry, RegistryEntry entry, int uid_count);
  Keeper(Keeper&& other) noexcept;
  Keeper& operator=(Keeper&& other) noexcept;
  ~Keeper();  ///< as finish(), errors ignored

  Launcher& launcher() { return launcher_; }
  const RegistryEntry& entry() const { return entry_; }

  /// Has everything ended and removed, waits for it. Throws Error with what was left.
  void finish(std::chrono::milliseconds patience = std::chrono::seconds(5));

 private:
  Keeper(RegistryEntry entry, Launcher launcher, int socket);
  RegistryEntry entry_;
  Launcher launcher_;
  int socket_ = -1;
};

/// What `ceiling clean` does for one entry whose run is dead: kill and remove its groups, then the entry.
/// Idempotent. Returns one line for everything that it did (or would do, when `dry_run`).
std::vector<std::string> clean_up(const Registry& registry, const RegistryEntry& entry, bool dry_run);

}  // namespace ceiling
