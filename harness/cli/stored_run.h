#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/observe/history.h"
#include "harness/report/html.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// A run's folder, as far as it can be read, judged again. What of experiment and history cannot be
/// read stands in the verdict's damage, and then nothing is confirmed.
struct StoredRun {
  std::filesystem::path folder;
  std::optional<Experiment> experiment;
  ParsedHistory history;
  RunVerdict verdict;
  std::vector<std::string> missing;  ///< that no verdict needs: result.json

  /// Refers to this.
  ShownRun shown() const;
};

/// Throws Usage where there is neither an experiment nor a history.
StoredRun read_stored_run(const std::filesystem::path& folder);

}  // namespace ceiling
