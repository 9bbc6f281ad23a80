#pragma once

#include <functional>
#include <list>
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
  int cells = 0;              ///< that membership parts the frontends into; 0: none
  bool admission = false;     ///< membership keeps out whom there is no room for
  int health_timeout_ms = 0;  ///< membership removes who answers no sooner; 0: nobody
  std::function<void(const wire::Removal&)> on_removal = {};  ///< called for each, in their order
};

/// What frontends rely on: membership, and the backends, each in its own group and with its own
/// folder. Never limited. Their groups stand in that of the fleet, whose owner ends them with it.
class Services {
 public:
  Services(Site& site, Cgroup& fleet, ServicesSpec spec);

  /// Waits until all backends have joined. Throws Error, SpawnError, and HostError for a backend
  /// that ends before.
  void start();
  /// Has to be told of every exit.
  void on_exit(const Exit& exit);
  /// SIGKILL to a backend; waits for its end, and until membership has noticed. Throws Error.
  void kill_backend(const std::string& name);
  /// Starts one that has ended, in its group and on its folder, and waits until it has joined or
  /// ended again. Throws Error, SpawnError.
  void restart_backend(const std::string& name);

  /// Of membership, once started.
  const std::string& address() const { return membership_.address; }
  /// Frontends that have joined.
  int members() const { return static_cast<int>(membership_.status.members()); }
  std::uint64_t members_version() const { return membership_.status.members_version(); }
  int removals() const { return static_cast<int>(membership_.status.removals()); }
  std::vector<std::string> backends() const;
  /// Names of those that have ended.
  std::vector<std::string> gone() const;
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
  };

  void start_membership();
  void tell_removals(const wire::Status& status) const;
  void start_backend(Service& backend);
  void await_backends();
  Service& backend(const std::string& name);
  /// Waits until membership counts those backends that have not ended.
  bool await_count();

  Site& site_;
  ServicesSpec spec_;
  Cgroup group_;
  Cgroup backend_groups_;
  Service membership_{.name = "membership"};
  std::list<Service> backends_;
};

}  // namespace ceiling
