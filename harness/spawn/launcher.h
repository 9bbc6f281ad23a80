#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace ceiling {

/// One process to be started. Descriptors are borrowed.
struct ProcessSpec {
  std::string name;                           ///< for messages: "frontend-3"
  std::filesystem::path program;              ///< absolute; opened by the launcher, started by execveat
  std::vector<std::string> arguments;         ///< without argv[0]
  std::map<std::string, std::string> environment;  ///< the whole of it
  std::vector<int> join;                      ///< cgroup.procs files, "0" is written to each first
  std::optional<uid_t> uid;                   ///< also the gid; supplementary groups are dropped
  std::vector<std::pair<int, rlim_t>> rlimits;  ///< RLIMIT_*, soft and hard, set after the uid
  std::map<int, int> descriptors;             ///< child's number -> ours; 0, 1, 2 default to /dev/null
  bool confined = true;                       ///< no_new_privs and the workload's seccomp filter
};

/// The child could not be brought as far as exec: which step failed, and why.
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
  ChildProcess(std::string name, pid_t pid, int pidfd);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  const std::string& name() const { return name_; }
  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_; }   ///< readable once the process has ended
  void signal(int number) const;         ///< a process that is gone is no error
  bool ended() const;

 private:
  std::string name_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
};

/// How a started process ended, as waitpid gave it to the launcher.
struct Exit {
  pid_t pid = 0;
  std::string name;
  int status = 0;  ///< as of wait(2)
};

/// The harness's end of the launcher: a single-threaded process of its own, child of the keeper, that
/// forks, reaps at once and never needs a new thread or process in the harness when a limit bites.
class Launcher {
 public:
  /// `socket`: our end of a SOCK_SEQPACKET pair whose other end runs serve(). Owned.
  explicit Launcher(int socket);
  Launcher(Launcher&& other) noexcept;
  Launcher& operator=(Launcher&& other) noexcept;
  ~Launcher();

  /// Starts a process and returns after its exec succeeded. Throws SpawnError when a step before that
  /// failed, Error when the launcher is gone.
  ChildProcess start(const ProcessSpec& spec);
  /// Readable when exits() has something to say.
  int descriptor() const { return socket_; }
  /// Processes that ended since the last call, in order. Never blocks.
  std::vector<Exit> exits();

  /// The launcher process's own main: serves requests on `socket` until it closes. Called after fork in
  /// a single-threaded child; never returns.
  [[noreturn]] static void serve(int socket);

 private:
  int socket_ = -1;
  std::vector<Exit> pending_;
};

}  // namespace ceiling
