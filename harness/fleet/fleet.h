#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/fleet/pid_namespace.h"
#include "harness/fleet/services.h"
#include "harness/fleet/site.h"

namespace ceiling {

/// What one fleet is made of.
struct FleetSpec {
  std::string label;  ///< in group names and log files: "arm-unguarded"
  int start = 1;      ///< frontends of the first version
  int threads_per_peer = 1;
  int backends = 1;
  std::vector<StreamPlan> streams;
  std::vector<Guardrail> guardrails;
  int alarm_percent = 0;  ///< as in FleetPlan
  std::optional<int> thread_budget = {};
  std::optional<int> cells = {};
  int cache_servers = 0;
  LimitPlan limits;           ///< of the frontends, and of cache servers as ServicesSpec has them
  bool lock_memory = false;   ///< frontends lock what they map, so that RLIMIT_MEMLOCK counts it
  int health_timeout_ms = 0;  ///< as ServicesSpec has it
  int port = 0;               ///< of frontend-1 for clients; 0: the kernel chooses
};

/// What is known of one frontend.
struct FrontendState {
  std::string name;
  std::optional<wire::Status> status;  ///< as it last said, without routes
  bool gone = false;                   ///< it has ended, or could not start
  bool removed = false;                ///< gone, because membership's health check removed it
};

/// The services and frontends as real processes, each frontend in its own group below the one of
/// all frontends; a limit of scope `fleet` stands on that one, of scope `frontend` on each. What
/// the processes report is recorded as it arrives.
class Fleet {
 public:
  /// Starts membership and backends and waits until all backends have joined. `recorder` takes what
  /// the fleet reports; nullptr where that is not part of the history (calibration). Throws Error,
  /// SpawnError.
  Fleet(Site& site, FleetSpec spec, Recorder* recorder);
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;
  /// As destroy(), errors ignored.
  ~Fleet();

  /// Starts one more frontend, of the lowest number that is free, or of a certain one that is. Does
  /// not wait for it, but for its exec.
  void add_frontend() { add_frontend(free_number()); }
  void add_frontend(int number);
  /// Takes one out of the fleet: sends it `signal`, and SIGKILL where it does not end by that.
  void remove_frontend(const std::string& name, int signal);

  /// Waits until every frontend has come to an end: it completed or failed the map of membership's
  /// present version, was refused at its start, was kept out by admission, or is gone. False when
  /// `patience` ran out.
  bool settle(std::chrono::milliseconds patience = std::chrono::seconds(60));

  bool settled() const;

  int size() const { return static_cast<int>(frontends_.size()); }
  /// How many frontends have raised an alarm.
  int alarms() const;
  /// Frontends that membership kept out.
  std::vector<std::string> kept_out() const;
  /// Frontends that could not start, or not build the map of the present version.
  std::vector<std::string> failed() const;
  std::vector<FrontendState> frontends() const;
  /// Frontends that have once had a complete map and live.
  std::vector<wire::Member> in_service() const;
  /// How many membership's health check has removed.
  int removals() const { return services_.removals(); }
  /// Tasks of every frontend, as the kernel counts them.
  std::vector<std::int64_t> frontend_tasks() const;
  /// What else each of them has in use, by to_string(Resource).
  std::map<std::string, std::vector<std::int64_t>> frontend_resources() const;
  /// Records every limit in every scope as it stands now.
  void sample();

  /// Who else has processes here is asked first whose an exit is: true, its own.
  void tell_exits_to(std::function<bool(const Exit&)> others) { others_ = std::move(others); }

  /// Of all that belongs to it.
  Cgroup& group() { return group_; }
  const Services& services() const { return services_; }
  Services& services() { return services_; }
  const FleetSpec& spec() const { return spec_; }

  /// Ends every process, and removes the groups and what the backends kept. Throws Error with what
  /// was left.
  void destroy();

 private:
  struct Frontend {
    int number = 0;
    std::string name;
    Cgroup group;
    std::optional<Site::Started> started;
    std::optional<wire::Status> status;
    std::uint32_t refusals_recorded = 0;
    bool ended = false;
    bool removed = false;

    bool refused_at_start() const;
    bool kept_out() const { return status && status->has_not_admitted(); }
    bool done(std::uint64_t version) const;
  };

  std::vector<std::pair<int, rlim_t>> rlimits_of(int number) const;
  void sample_processes(const Frontend& one);
  void sample_memory_of(const std::string& scope, const Cgroup& group);
  void on_status(Frontend& frontend, const wire::Status& status);
  void on_exit(const Exit& exit);
  int free_number() const;
  uid_t uid_of(int number) const;
  template <class What>
  void record(What what) {
    if (recorder_ != nullptr) recorder_->record(std::move(what));
  }

  Site& site_;
  FleetSpec spec_;
  Recorder* recorder_;
  std::vector<wire::Stream> streams_;
  Cgroup group_;
  Services services_;
  Cgroup scope_;  // of all frontends
  std::optional<PidNamespace> namespace_;
  std::list<Frontend> frontends_;
  std::function<bool(const Exit&)> others_;
  bool ending_ = false;
};

}  // namespace ceiling
