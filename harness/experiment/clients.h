#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ceiling {

/// A client beside the fleet, by its keys in the file; those that its kind has not are empty.
struct ClientPlan {
  std::string kind;  ///< "canary", or a dependent: ceiling-client --kind
  int rate_per_s = 0;
  int buffer = 0;                               ///< records
  int record_bytes = 0;                         ///< of each record
  std::optional<std::int64_t> memory_max = {};  ///< bytes; of its own group
  int missing_after_ms = 0;
  std::string login = {};  ///< the kind of the dependent that it logs in at

  bool is_dependent() const { return kind != "canary"; }
};

/// The kinds, canary first.
const std::vector<std::string_view>& client_kinds();
bool has_canary(const std::vector<ClientPlan>& clients);
std::vector<ClientPlan> dependents_of(const std::vector<ClientPlan>& clients);

/// The keys that a client of this kind may have, kind apart; those that it must have, and those
/// that it may.
struct ClientKeys {
  std::vector<std::string_view> required;
  std::vector<std::string_view> optional;
};
ClientKeys client_keys(std::string_view kind);
/// Users can log in there.
bool takes_logins(std::string_view kind);

/// How a dependent came through an arm.
enum class DependentOutcome {
  unaffected,
  degraded,  ///< did its job, and lost records
  down,      ///< did not do its job for some time, or ended
  killed     ///< by the kernel's OOM killer
};
std::string_view to_string(DependentOutcome outcome);
std::optional<DependentOutcome> dependent_outcome_from(std::string_view name);

/// What was seen of a dependent from outside, after it had been well.
struct DependentSeen {
  bool dropped = false;  ///< it said that it lost records
  bool lost = false;     ///< it did not answer, or said that it does not do its job
  bool ended = false;    ///< by itself
  bool oom_killed = false;

  DependentOutcome outcome() const;
};

/// By kind.
using ExpectedDependents = std::map<std::string, DependentOutcome>;

}  // namespace ceiling
