#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/observe/history.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// A run as a page shows it. Refers to what it is given.
struct ShownRun {
  const RunVerdict& verdict;
  const Experiment* experiment = nullptr;  ///< nullptr: it is missing
  const History& history;
  std::string folder;                     ///< as the reader finds it
  std::vector<std::string> missing = {};  ///< of the folder, a line each
};

/// One self-contained page: text, figures and the data of each as a table, nothing is loaded from
/// anywhere. Several runs are compared, each arm named with its run. What it is made of stands in a
/// <script id="data"> of JSON: {"schema": "ceiling.page/1", "runs": [{"run", "folder", "command",
/// "experiment", "missing", "result": result.json, "arms": [{"growth", "limits", "course"}]}]},
/// the arms in the order of the result (html/growth.h, html/course.h).
std::string report_html(std::span<const ShownRun> runs);

}  // namespace ceiling
