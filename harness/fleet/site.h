#pragma once

#include <sys/types.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cgroups/cgroup.h"
#include "harness/fleet/event_loop.h"
#include "harness/keeper/registry.h"
#include "harness/observe/recorder.h"
#include "harness/observe/results_folder.h"
#include "harness/observe/status_watch.h"
#include "harness/spawn/launcher.h"

namespace ceiling {

/// The folder of the workload's programs: beside the running program, unless `chosen`. Throws
/// HostError when one of them is missing or cannot be executed.
std::filesystem::path find_programs(const std::filesystem::path& chosen = {});

/// What all fleets of one run stand on. Everything is borrowed but entry and token.
class Site {
 public:
  /// Makes the run's data folder, where the entry has one. Throws Error.
  Site(RegistryEntry entry, EventLoop& loop, Launcher& launcher, Cgroup& group, Recorder& recorder,
       const ResultsFolder& results, std::filesystem::path programs);
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  ~Site();

  EventLoop& loop() { return loop_; }
  Recorder& recorder() { return recorder_; }
  Cgroup& group() { return group_; }
  /// What every process of the run knows, and the keys of its accounts follow from.
  const std::string& token() const { return token_; }
  const Hierarchy& hierarchy() const { return hierarchy_; }
  /// Of the run's registry entry: what may be set on the whole host.
  const std::vector<HostSetting>& host_settings() const { return entry_.host_settings; }

  /// The private uid of the frontend with this index (from 0); services share one more.
  uid_t frontend_uid(int index) const {
    return entry_.uids.at(static_cast<std::size_t>(index) + 1);
  }
  uid_t service_uid() const { return entry_.uids.at(0); }
  /// How many uids a fleet of `frontends` needs.
  static int uids_needed(int frontends) { return frontends + 1; }

  /// A new folder for the data of one service of a fleet, that user's alone. Throws Error.
  std::filesystem::path make_data_folder(const std::string& label, const std::string& name) const;
  /// What a fleet that has ended leaves. Throws Error.
  void remove_data_folders(const std::string& label) const;

  struct Start {
    std::string label;    ///< of the fleet, in front of the name in log files: "arm-unguarded"
    std::string name;     ///< "frontend-3"
    std::string program;  ///< "ceiling-frontend"
    std::vector<std::string> arguments;  ///< `--name` and `--status` are added
    const Cgroup* group = nullptr;
    uid_t uid = 0;
    std::vector<std::pair<int, rlim_t>> rlimits;
    std::map<int, int> descriptors;               ///< beside 0, 1, 2 and the status socket (3)
    const ChildProcess* pid_namespace = nullptr;  ///< its first process; nullptr: the host's
  };
  struct Started {
    ChildProcess process;
    StatusWatch watch;
  };
  /// Starts a program of the workload: its log in the results folder (`<label>-<name>.log`, and .2
  /// and so on in front of .log when it is started again), its status followed from the first
  /// moment. Throws SpawnError, Error.
  Started start(const Start& start, std::function<void(const wire::Status&)> on_status);

  /// As Launcher::start_namespace().
  ChildProcess start_namespace(const std::string& name, const Cgroup& group, std::int64_t pid_max) {
    return launcher_.start_namespace(name, group.join_descriptors(), pid_max);
  }

  /// Calls `handler` with every process that is started from now on and ends, until it is set anew
  /// or cleared. Ends of an earlier fleet that are heard of late are nobody's.
  void on_exit(std::function<void(const Exit&)> handler);

 private:
  void watch_exits();

  Hierarchy hierarchy_ = Hierarchy::detect();
  RegistryEntry entry_;
  EventLoop& loop_;
  Launcher& launcher_;
  Cgroup& group_;
  Recorder& recorder_;
  const ResultsFolder& results_;
  std::filesystem::path programs_;
  std::string token_;
  std::map<std::string, int> starts_;  // by label and name: how many
  boost::asio::posix::stream_descriptor exits_;
  std::function<void(const Exit&)> on_exit_;
  std::set<pid_t> watched_;  // started since on_exit_ was set
};

/// "exit status 1", "signal 9"
std::string describe(const Exit& exit);
/// This rlimit, as high as the host grants it.
std::pair<int, rlim_t> as_granted(int resource);

}  // namespace ceiling
