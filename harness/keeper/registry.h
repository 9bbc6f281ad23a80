#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/keeper/host_settings.h"

namespace ceiling {

/// What a run created or is about to create, as it stands in /run/ceiling/<run id>, written before
/// the things themselves so that `ceiling clean` finds them whatever died.
struct RegistryEntry {
  std::string run_id;
  pid_t harness = 0;
  pid_t keeper = 0;
  std::uint64_t harness_started = 0;  ///< field 22 of /proc/PID/stat: a reused pid is told apart
  std::uint64_t keeper_started = 0;
  std::vector<std::filesystem::path> groups;  ///< top folder of the run in every hierarchy
  std::vector<uid_t> uids;  ///< private, unprivileged uids that are this run's alone
  std::filesystem::path results;
  std::filesystem::path data = {};  ///< as of data_folder_for(); empty: the run has none
  std::vector<HostSetting> host_settings = {};  ///< that the run is going to change, and restores

  /// True while its keeper or harness lives.
  bool alive() const;
};

/// The folder of registry entries; a parameter so that tests use their own. Created 0755 on first
/// use.
class Registry {
 public:
  /// `root`: the tree whose host settings the entries mean, "/" or a fake one.
  explicit Registry(std::filesystem::path folder = "/run/ceiling",
                    std::filesystem::path root = "/");
  /// Picks `uid_count` uids that no other entry holds (uids.h), reads what the host settings are
  /// now, writes the entry by rename and returns it with both filled in; all under an flock of the
  /// folder, so two runs never share a uid, and none takes another's setting for the host's own.
  /// Throws HostError where another entry holds one of the settings.
  RegistryEntry add(RegistryEntry entry, int uid_count) const;
  void remove(const std::string& run_id) const;  ///< and its control socket; not there: fine
  /// Where a run that takes orders listens for them. Hidden, so that it is no entry.
  std::filesystem::path control_socket(const std::string& run_id) const;
  std::vector<RegistryEntry> entries() const;  ///< damaged files are reported as Error by name
  const std::filesystem::path& folder() const { return folder_; }
  const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path folder_;
  std::filesystem::path root_;
};

/// Where the backends of a run keep their records, /var/tmp/ceiling-<run id>: on a disk, and nobody
/// but root can put something else in its place.
std::filesystem::path data_folder_for(const std::string& run_id);

/// An id that no other run has, getrandom(2). Throws Error.
std::string new_run_id();

}  // namespace ceiling
