#pragma once

#include <functional>
#include <optional>

#include "cgroups/descriptor.h"
#include "harness/find/find_result.h"
#include "harness/find/search.h"
#include "harness/find/trial.h"

namespace ceiling {

/// What is searched.
struct FindPlan {
  TrialSubject subject;
  SearchedLimit limit;
  std::optional<SearchRange> range;  ///< nothing: from one step to twice what it uses without
  std::optional<std::int64_t> most;  ///< of the value, whatever the range
  std::int64_t least = 1;            ///< likewise, where no range is given
  int repeat = 1;                    ///< of each of the two values at the edge
  /// Until it is ready, and again for the probe. Nothing: 30 s without the limit, then ten times
  /// what was taken there, and 3 s at least.
  std::optional<std::chrono::milliseconds> time_limit;
};

/// Opens a log by its name, for appending.
using OpenLog = std::function<Descriptor(const std::string& name)>;
using OnTrial = std::function<void(const FindTrial&)>;

/// Runs the command without the limit, then under the values that Search asks for. Throws
/// NotSearchable where it is not healthy without the limit, and as Trials::run() does.
FindResult find_limit(const FindPlan& plan, const TrialSite& site, const OpenLog& open_log,
                      const OnTrial& told);

}  // namespace ceiling
