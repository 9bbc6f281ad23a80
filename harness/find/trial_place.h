#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "cgroups/cgroup.h"
#include "harness/find/data_folder.h"
#include "harness/find/trial.h"
#include "harness/keeper/host_settings.h"
#include "harness/spawn/launcher.h"

namespace ceiling {

/// Where one trial takes place: a group for the command, one for what runs beside it, a folder, and
/// the limit. All of it goes with this object. Borrows what it is made of.
class TrialPlace {
 public:
  /// The `number`-th trial of its site. Throws Error.
  TrialPlace(const TrialSubject& subject, const SearchedLimit& limit, const TrialSite& site,
             int number);

  const Identity& identity() const { return identity_; }  ///< who the command runs as
  Cgroup& group() { return group_; }
  Cgroup& beside() { return beside_; }

  /// Nothing: no limit. An rlimit is set by command() alone. Throws Error.
  void set_limit(std::optional<std::int64_t> value);

  /// The command's own process, which says what it says to `output`.
  ProcessSpec command(std::optional<std::int64_t> value, int output) const;
  /// A shell beside it that must not count for it: where the command has a uid for itself, this is
  /// the user's own.
  ProcessSpec probing() const { return spec_for(subject_.user); }
  /// A shell before it, as the command itself.
  ProcessSpec preparing() const { return spec_for(identity_); }

  /// A limit of the host is taken back: it is everybody's. Throws Error.
  void restore_host();
  /// Ends every process and removes the groups. Throws Error.
  void end(std::chrono::milliseconds patience);

 private:
  ProcessSpec spec_for(const Identity& who) const;

  const TrialSubject& subject_;
  const SearchedLimit& limit_;
  const TrialSite& site_;
  Identity identity_;
  DataFolder data_;
  Cgroup group_;  // ended before the folder is removed
  Cgroup beside_;
  std::optional<HeldHostSetting> on_host_;  // taken back before anything is ended
};

}  // namespace ceiling
