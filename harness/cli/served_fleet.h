#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/cli/control.h"
#include "harness/experiment/experiment.h"
#include "harness/fleet/arm_run.h"
#include "harness/fleet/site.h"
#include "harness/report/report.h"

namespace ceiling {

/// An arm's fleet that is kept up and takes orders, one at a time. Says on stdout what changes;
/// that nobody reads it changes nothing.
class ServedFleet {
 public:
  /// Starts it at its starting size. `port` as in FleetSpec, `results`: the run's folder, in which
  /// a folder for the operations of the user's clients is made.
  ServedFleet(Site& site, const Experiment& experiment, const ArmPrediction& arm, int port,
              const ResultsFolder& results);

  /// Where the user's clients go: "127.0.0.1:PORT" of frontend-1, empty where it did not start.
  std::string endpoint() const;
  /// Size, frontends with their endpoints, the share that was routable, the prediction.
  std::string status() const;
  /// Carries out orders until a signal, the end of `time`, or the end of the fleet; then, unless
  /// that came in the middle of an order, looks at everything a last time. Throws Interrupted at
  /// the signal after that.
  void serve(ControlSocket& control, std::chrono::seconds time);

 private:
  Answer carry_out(const Order& order);
  Answer grow(int count);
  Answer shrink(int count);
  Answer kill(const std::string& name);
  Answer restart(const std::string& name);
  Answer refuse(const std::string& why) const;
  Answer refuse_unknown(const std::string& name, const std::vector<std::string>& known) const;
  Answer settled() const;
  bool changed() const;
  /// "gone", or "silent" of a cache server that does not answer.
  std::string how_gone(const std::string& name) const;
  void look();
  /// Says what a rest came to, `done` first: "grown to 5 frontends".
  void take(const std::string& done, Rest rest);
  std::string map_text() const;
  std::string refusal_text() const;
  void say(const std::string& line);

  Site& site_;
  ArmPrediction arm_;
  std::filesystem::path results_;
  OperationsFolder operations_;
  ArmRun run_;
  Rest last_;
  std::vector<std::string> gone_;    // services that are known to be
  std::vector<std::string> killed_;  // frontends, by order
  std::string said_;                 // since the order that is carried out came
};

}  // namespace ceiling
