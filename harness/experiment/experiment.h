#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/experiment/clients.h"
#include "harness/experiment/guardrails.h"
#include "harness/experiment/limits.h"
#include "harness/experiment/recovery.h"

namespace ceiling {

struct FleetPlan {
  int start = 0;
  int end = 0;
  int step = 1;
  int threads_per_peer = 1;
  int alarm_percent = 75;  ///< of the binding limit; what the guardrail alarm goes by
  Place alarm_at = {};     ///< of that value
  std::optional<int> thread_budget = {};  ///< of a frontend for its peers; of multiplex
  std::optional<int> cells = {};          ///< that the fleet is parted into; of cells
  std::optional<int> cache_servers = {};  ///< that build its maps; of cache-fleet

  /// The sizes that a run visits, in order: start, start+step, ..., and end, also where the step
  /// does not hit it. Needs step >= 1.
  std::vector<int> sizes() const;
};

struct StreamPlan {
  std::string name;
  int shards = 1;
};

/// What an arm may end in. `any` stands only where an arm expects.
enum class Outcome { outage, contained, prevented, not_reached, unknown, any };
std::string_view to_string(Outcome outcome);
std::optional<Outcome> outcome_from(std::string_view name);

struct ArmPlan {
  std::string name;
  std::vector<Guardrail> guardrails;
  Outcome expect = Outcome::any;
  FleetPlan fleet;   ///< the experiment's, with the arm's own values laid over it
  LimitPlan limits;  ///< likewise
  int hold_s = 0;    ///< how long the fleet stays at its failing size, so that dependents feel it
  ExpectedDependents dependents;  ///< the outcome that is expected of some, or all, or none
  std::optional<RecoveryPlan> recovery = {};  ///< after hold_s at the failing size

  bool has(Guardrail guardrail) const;
  /// That it has: of cache-fleet those of the file, or 2; none without it.
  int cache_servers() const;
  /// A map takes the place of the one before it in one step.
  bool publishes_whole() const {
    return has(Guardrail::staged_build) || has(Guardrail::cache_fleet);
  }
};

struct Experiment {
  std::string name;
  std::string description;
  int backends = 1;
  std::vector<StreamPlan> streams;
  std::vector<ClientPlan> clients;
  std::vector<ArmPlan> arms;
  std::string source;  ///< the text that it was read from, overrides applied, valid YAML
};

/// One thing wrong with an experiment file.
struct Finding {
  int line = 0;  ///< from 1; 0 where no place can be named (an override, the whole file)
  int column = 0;
  std::string text;  ///< what was found, what was expected
};

/// A finding for every limit that cannot be set: those of the whole host where `host_limits` does
/// not allow them, those that an arm sets another beside although they stand alone, and those of
/// one member that can only hold for all. At the limit's value in the file.
std::vector<Finding> unsupported_limits(const Experiment& experiment, bool host_limits);

/// Why an arm's guardrails make no sense beside the rest of it, a line each: they contradict what
/// it expects, or would have nothing to do.
std::vector<std::string> pointless_guardrails(const ArmPlan& arm);

/// The limits that a frontend can read of itself to the last thread: what admission and alarm go
/// by.
const std::vector<LimitName>& limits_read_exactly();

/// Everything that is wrong with an input, said at once. what() is a line a finding,
/// `file:line:column: found, expected`. A verb that meets it ends with exit status 64.
class BadInput : public std::exception {
 public:
  BadInput(std::string file, std::vector<Finding> findings);
  const char* what() const noexcept override { return text_.c_str(); }
  const std::vector<Finding>& findings() const { return findings_; }

 private:
  std::vector<Finding> findings_;
  std::string text_;
};

/// Reads an experiment from YAML text of at most 1 MiB. `file` names it in findings. Each override
/// is `key=value` with the key path dotted ("limits.pids.max=40": the longest known key counts;
/// arms and streams are named, clients go by their kind: "arms.unguarded.expect=contained") and is
/// applied before the checks. `only_arm`, where it is not empty, leaves all other arms out, of the
/// source too. Throws BadInput with every finding; never touches the file system.
Experiment parse_experiment(std::string_view text, std::string_view file,
                            const std::vector<std::string>& overrides = {},
                            std::string_view only_arm = {});

}  // namespace ceiling
