#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/find/find.h"

namespace ceiling {

/// What `ceiling find` is told of the command and the search.
struct FindOptions {
  std::filesystem::path program;  ///< a file that says what the options do not
  std::vector<std::string> command;
  std::string limit = "pids.max";
  std::string range;  ///< "A:B"
  std::string ready;
  int ready_tcp = 0;
  std::string ready_log;
  std::string probe;
  std::string before;
  double timeout_s = 0;
  int repeat = 1;
  std::string user;
  bool host_limits = false;
};

struct PlannedFind {
  FindPlan plan;
  std::string user;  ///< who the command runs as, for people
};

/// Throws Usage, and BadInput of the program's file.
PlannedFind plan_find(FindOptions options);

}  // namespace ceiling
