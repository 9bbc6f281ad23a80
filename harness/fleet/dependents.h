#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/clients.h"
#include "harness/fleet/fleet.h"
#include "workload/protocol/http_channel.h"

namespace ceiling {

/// The services that depend on a fleet: each a process in a group of its own, asked over HTTP how
/// it is, time and again. What it answers, or that it does not, is recorded when it changes, and so
/// is the end of a process.
class Dependents {
 public:
  /// None yet.
  Dependents(Site& site, Fleet& fleet);
  Dependents(const Dependents&) = delete;
  Dependents& operator=(const Dependents&) = delete;
  ~Dependents();

  /// Starts those among `clients`, and waits until each has answered that it is well. Throws Error
  /// for one that does not, SpawnError, and HostError for a memory.max that cannot be set.
  void start(const std::vector<ClientPlan>& clients);
  /// Waits until what is expected of each has come, `patience` at most. That one is unaffected, or
  /// that nothing is expected, takes all of it.
  void await(const ExpectedDependents& expected, std::chrono::milliseconds patience);
  /// Waits until each of `kinds`, asked from now on, has said that it is well, or has ended;
  /// `patience` at most.
  void await_back(const std::vector<std::string>& kinds, std::chrono::milliseconds patience);
  /// Records how each is now, and ends them.
  void end();

  /// Between one answer and the next question.
  static constexpr std::chrono::milliseconds kInterval{100};
  /// For an answer.
  static constexpr std::chrono::milliseconds kAnswerPatience{2000};

 private:
  struct Dependent {
    ClientPlan plan;
    Cgroup group;
    boost::asio::steady_timer timer;
    std::optional<Site::Started> started = {};
    std::string address = {};  // of its HTTP
    std::shared_ptr<HttpChannel> channel = {};
    std::optional<HealthEvent> health = {};  // as it last was, once it has been well
    std::chrono::steady_clock::time_point asked_at = {};
    std::chrono::steady_clock::time_point answered_to = {};  // when `health` was asked for
    DependentSeen seen = {};
  };

  void start_one(const ClientPlan& plan);
  void ask(Dependent& one);
  void ask_later(Dependent& one);
  void answered(Dependent& one, const Exchange& exchange);
  bool on_exit(const Exit& exit);
  void wait_until_all(const char* what, bool (*is)(const Dependent&));

  Site& site_;
  Fleet& fleet_;
  Cgroup group_;
  std::list<Dependent> all_;
  std::shared_ptr<bool> gone_;
  bool ending_ = false;
};

}  // namespace ceiling
