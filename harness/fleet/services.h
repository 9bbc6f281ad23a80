#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/fleet/site.h"

namespace ceiling {

struct ServicesSpec {
  std::string label;  ///< of the fleet
  int first_members;  ///< frontends of membership's first version
  int threads_per_peer;
  int backends;
  std::vector<StreamPlan> streams;
  int cells = 0;          ///< that membership parts the frontends into; 0: none
  int cache_servers = 0;  ///< that build the frontends' maps
  /// Of each cache server, which has the limits of a frontend that it can meet or that bound it.
  std::optional<std::int64_t> cache_descriptors = {};
  std::optional<std::int64_t> cache_tasks = {};
  bool admission = false;     ///< membership keeps out whom there is no room for
  int health_timeout_ms = 0;  ///< membership removes who answers no sooner; 0: nobody
  std::function<void(const wire::Removal&)> on_removal = {};  ///< called for each, in their order
  /// A cache server does not answer membership, which has removed it.
  std::function<void(const wire::Removal&)> on_silence = {};
};

/// What frontends rely on: membership, the backends, each in its own group and with its own folder,
/// and the cache servers, each in its own group. None but the last is ever limited. Their groups
/// stand in that of the fleet, whose owner ends them with it.
class Services {
 public:
  Services(Site& site, Cgroup& fleet, ServicesSpec spec);

  /// Waits until all backends and cache servers have joined. Throws Error, SpawnError, and
  /// HostError for one that ends before.
  void start();
  /// Has to be told of every exit.
  void on_exit(const Exit& exit);
  /// SIGKILL to a backend or a cache server; waits for its end, and until membership has noticed.
  /// Throws Error.
  void kill_server(const std::string& name);
  /// Starts one that has ended, in its group and on its folder, and waits until it has joined or
  /// ended again. Throws Error, SpawnError.
  void restart_server(const std::string& name);
  /// Every cache server that is there has built the map of this version, and dealt its places.
  bool caches_at(std::uint64_t version) const;
  /// Of each cache server that is there, by "tasks" and "descriptors".
  std::map<std::string, std::vector<std::int64_t>> cache_use() const;
  /// What each of them has of the limits that are set for it.
  std::vector<SampleEvent> sample_caches() const;

  /// Of membership, once started.
  const std::string& address() const { return membership_.address; }
  /// Frontends that have joined.
  int members() const { return static_cast<int>(membership_.status.members()); }
  std::uint64_t members_version() const { return membership_.status.members_version(); }
  int removals() const { return static_cast<int>(membership_.status.removals()); }
  /// Backends and cache servers.
  std::vector<std::string> servers() const;
  /// Names of those that have ended, and of cache servers that do not answer.
  std::vector<std::string> gone() const;
  /// Of these: it is there, and does not answer.
  bool is_silent(const std::string& name) const;
  /// Of membership, and of whatever else is no frontend.
  const Cgroup& group() const { return group_; }

 private:
  struct Service {
    std::string name;
    std::optional<Cgroup> group = {};  // its own: a fault of one is a fault of that one
    std::string data = {};
    std::optional<Site::Started> started = {};
    wire::Status status = {};
    std::string address = {};
    std::string ended = {};  // how, where it has
    bool silent = false;     // removed by membership, until it is started anew

    bool there() const { return ended.empty() && !silent; }
  };

  void start_membership();
  void tell_removals(const wire::Status& status) const;
  void tell_silent_caches(const wire::Status& status);
  void start_backend(Service& backend);
  void start_cache(Service& cache);
  void await(const std::list<Service>& servers);
  Service& server(const std::string& name);
  int joined(const std::list<Service>& servers) const;
  /// Waits until membership counts those backends and cache servers that are there.
  bool await_count();

  Site& site_;
  ServicesSpec spec_;
  Cgroup group_;
  Cgroup backend_groups_;
  Cgroup cache_groups_;
  Service membership_{.name = "membership"};
  std::list<Service> backends_;
  std::list<Service> caches_;
};

}  // namespace ceiling
