#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/cgroup.h"
#include "cgroups/error.h"
#include "harness/find/find_result.h"
#include "harness/find/searched_limit.h"
#include "harness/find/waiter.h"
#include "harness/keeper/host_settings.h"
#include "harness/observe/recorder.h"
#include "harness/spawn/launcher.h"

namespace ceiling {

/// How a command is known to be ready.
struct Readiness {
  enum class Kind {
    ends,     ///< it is one that ends by itself, with status 0
    command,  ///< a shell command ends with 0
    tcp,      ///< 127.0.0.1:port accepts a connection
    log,      ///< a line of its output matches a regular expression (ECMAScript)
  };
  Kind kind = Kind::ends;
  std::string text;  ///< the shell command, or the expression
  int port = 0;
};

/// A user, as a process takes it on. No uid: ours.
struct Identity {
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::vector<gid_t> groups;
};

/// A command that is put under limits. Everything of it is given a folder of its own for each
/// trial, by the name CEILING_DATA in its environment, that is removed afterwards.
struct TrialSubject {
  std::vector<std::string> command;  ///< the first is an absolute path
  std::map<std::string, std::string> environment;
  std::filesystem::path folder;  ///< it begins there
  mode_t umask = 022;
  Identity user;
  Readiness ready;
  std::string before;  ///< shell commands, run by the same user and without the limit: first of all
  std::string probe;   ///< ends with 0 where it is healthy; empty: healthy when it is ready
};

/// How long it may take.
struct Bounds {
  std::chrono::milliseconds ready{30'000};
  std::chrono::milliseconds probe{30'000};
};

/// The search cannot begin, or cannot go on, for a reason that lies in what was asked.
class NotSearchable : public Error {
 public:
  using Error::Error;
};

/// Where trials take place.
struct TrialSite {
  Cgroup& group;  ///< of the run; holds no process itself
  Launcher& launcher;
  std::vector<uid_t> uids;      ///< private ones, for RLIMIT_NPROC: one a trial, in turn
  std::filesystem::path data;   ///< a folder that goes with the run
  std::int64_t most_tasks = 0;  ///< pids.max where the limit is another one, or none
  int stop = -1;                ///< signalfd(2)
  Recorder& recorder;           ///< in the trial's arm
  std::vector<HostSetting> host_settings = {};  ///< of the run's registry entry
};

/// Puts a command under a limit, one trial after the other, each in a fresh group whose processes
/// are all ended after it.
class Trials {
 public:
  Trials(const TrialSubject& subject, const SearchedLimit& limit, const TrialSite& site)
      : subject_(subject), limit_(limit), site_(site), waiter_(site.launcher, site.stop) {}

  /// `value` nothing: without the limit. `log`: open for appending, takes the command's output as
  /// CommandOutput does. A limit of the host is in force from before the command's start until it
  /// is judged.
  /// Throws NotSearchable when its port is taken, when what is to be done before it fails, when it
  /// raises its own limit or leaves its group; Stopped; Error.
  FindTrial run(std::optional<std::int64_t> value, const Bounds& bounds, int log);

 private:
  const TrialSubject& subject_;
  const SearchedLimit& limit_;
  TrialSite site_;
  Waiter waiter_;
  int number_ = 0;
};

}  // namespace ceiling
