#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ceiling {

/// What became of a command under a limit.
enum class TrialOutcome {
  healthy,           ///< ready, its probe passes, and the kernel refused nothing that it counts
  unnoticed,         ///< likewise, although the kernel refused something
  degraded,          ///< ready, and its probe fails
  hung,              ///< not ready, or no answer to the probe, within the time limit
  crashed,           ///< ended by a signal, or after it was ready
  refused_to_start,  ///< ended by itself before it was ready, or could not be executed
};
std::string_view to_string(TrialOutcome outcome);

/// One run of the command.
struct FindTrial {
  std::optional<std::int64_t> value;  ///< of the limit; nothing: without it
  TrialOutcome outcome = TrialOutcome::healthy;
  std::string why;            ///< one line; empty where healthy
  std::optional<int> status;  ///< exit status, where it ended by itself
  std::optional<int> signal;  ///< that ended it
  /// That the kernel counted: pids.events, for memory.max processes that the OOM killer ended.
  /// Nothing: of this limit it counts none.
  std::optional<std::int64_t> refusals;
  std::int64_t peak = 0;  ///< the most that was seen in use, in the limit's unit
  double ready_s = 0;     ///< until it was ready, or had ended; 0: neither
  double probe_s = 0;     ///< that the probe took
  double elapsed_s = 0;
  std::vector<std::string> last_lines;  ///< of its output, at most five
  std::string log;                      ///< file, below the results folder
  std::uint64_t log_dropped = 0;        ///< bytes of its output beyond the first 16 MiB
};

/// What the search came to.
enum class SearchAnswer {
  found,
  healthy_everywhere,    ///< also at the lower end of the range
  unhealthy_everywhere,  ///< also at the upper end
};

struct FindResult {
  std::vector<std::string> command;
  std::string limit;
  std::string unit;
  std::string user;
  std::int64_t first = 0;  ///< the range that was searched, by its first and last value
  std::int64_t last = 0;
  std::int64_t step = 1;  ///< values in between are not told apart
  FindTrial unlimited;
  std::vector<FindTrial> trials;  ///< in their order
  SearchAnswer answer = SearchAnswer::found;
  std::optional<std::int64_t> smallest_healthy;  ///< nothing: no such edge, or a flaky one
  std::optional<TrialOutcome> below;             ///< what it does one step below
  bool monotonic = true;            ///< no healthy value was seen below an unhealthy one
  std::vector<std::int64_t> flaky;  ///< values that were healthy at one time and not at another
  double elapsed_s = 0;
};

}  // namespace ceiling
