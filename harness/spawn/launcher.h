#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "cgroups/descriptor.h"

namespace ceiling {

/// Where a command of a user's runs, and with which groups. It is executed by its path, so scripts
/// are, and its user must be able to reach it.
struct Surroundings {
  std::filesystem::path folder = "/";  ///< it begins there
  mode_t umask = 077;
  std::optional<gid_t> gid = {};   ///< nothing: as the uid; with a uid only
  std::vector<gid_t> groups = {};  ///< supplementary; with a uid only
};

/// One process to be started. Descriptors are borrowed. It begins in "/", with umask 077, default
/// signal dispositions, an empty signal mask and a session of its own; it has no descriptors but
/// those named here, and is killed when the launcher dies.
struct ProcessSpec {
  std::string name;                    ///< for messages: "frontend-3"
  std::filesystem::path program;       ///< absolute, no script; opened by the launcher, started by
                                       ///< execveat: its folder may be closed to the uid
  std::vector<std::string> arguments;  ///< without argv[0]
  std::map<std::string, std::string> environment;  ///< the whole of it
  std::vector<int> join;     ///< cgroup.procs files, "0" is written to each first
  std::optional<uid_t> uid;  ///< also the gid; supplementary groups are dropped
  std::vector<std::pair<int, rlim_t>> rlimits;  ///< RLIMIT_*, soft and hard, set after the uid
  std::map<int, int> descriptors;  ///< child's number -> ours; 0, 1, 2 default to /dev/null
  bool confined = true;            ///< no_new_privs and the workload's seccomp filter
  std::optional<Surroundings> surroundings = {};  ///< nothing: as said above
  /// pidfd of the first process of the pid namespace that it is born in; nothing: the launcher's.
  std::optional<int> pid_namespace = {};
};

/// The child could not be brought as far as exec: which step failed, and why.
/// step() is a name of to_string(Step) in child.h: "open program", "join group", "set rlimit",
/// "exec", ...
class SpawnError : public std::system_error {
 public:
  SpawnError(const std::string& process, std::string step, int error);
  const std::string& step() const { return step_; }

 private:
  std::string step_;
};

/// A process that the launcher started. Move-only; owns a pidfd, ends nothing by itself: the keeper
/// does that for whatever is left.
class ChildProcess {
 public:
  ChildProcess(std::string name, pid_t pid, Descriptor pidfd);

  const std::string& name() const { return name_; }
  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  ///< readable once the process has ended
  void signal(int number) const;              ///< a process that is gone is no error
  bool ended() const;

 private:
  std::string name_;
  pid_t pid_ = -1;
  Descriptor pidfd_;
};

/// How a started process ended, as waitpid gave it to the launcher.
struct Exit {
  pid_t pid = 0;
  std::string name;
  int status = 0;  ///< as of wait(2)
};

/// One end of the two SOCK_SEQPACKET pairs between harness and launcher.
struct LauncherChannel {
  Descriptor requests;  ///< a request, then its reply
  Descriptor exits;     ///< from the launcher only

  /// First the harness's end, then the launcher's. Throws Error.
  static std::pair<LauncherChannel, LauncherChannel> make();
};

/// The harness's end of the launcher: a single-threaded process of its own, child of the keeper,
/// that forks, reaps at once and never needs a new thread or process in the harness when a limit
/// bites. Move-only. The launcher ends, and with it everything that it started, when this end
/// closes.
class Launcher {
 public:
  explicit Launcher(LauncherChannel channel) : channel_(std::move(channel)) {}

  /// Starts a process and returns after its exec succeeded. Throws SpawnError when a step before
  /// that failed, Error when the launcher is gone or the spec is too large (64 KiB of text, 253
  /// descriptors).
  ChildProcess start(const ProcessSpec& spec);
  /// Makes a pid namespace whose kernel.pid_max is `pid_max`, and returns its first process, which
  /// enters the groups of `join` (as in ProcessSpec) and does nothing; with it the namespace ends.
  /// For Linux 6.14 and later: before, the value is the host's. Throws as start() does.
  ChildProcess start_namespace(const std::string& name, const std::vector<int>& join,
                               std::int64_t pid_max);
  /// Readable when exits() has something to say.
  int descriptor() const { return channel_.exits.get(); }
  /// Processes that ended since the last call, in order. Never blocks. Throws Error when the
  /// launcher is gone, after the last exit that it reported.
  std::vector<Exit> exits();

  /// The launcher process's own main: serves requests until the harness closes its end. Called
  /// after fork in a single-threaded child of process `parent`, and killed with it; closes every
  /// descriptor but the channel; never returns.
  [[noreturn]] static void serve(LauncherChannel channel, pid_t parent);

 private:
  ChildProcess request(const std::string& name, const std::string& bytes,
                       const std::vector<int>& descriptors);

  LauncherChannel channel_;
};

}  // namespace ceiling
