#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "cgroups/hierarchy.h"
#include "tests/kernel/property/combination.h"

namespace ceiling {

/// The host-wide limits of a combination, set for the testee `pid` while this lives, and restored
/// in reverse.
class HostValues {
 public:
  HostValues(const Hierarchy& hierarchy, const Combination& combination, pid_t pid);
  ~HostValues();
  HostValues(const HostValues&) = delete;
  HostValues& operator=(const HostValues&) = delete;

  /// Whether a combination has any.
  static bool in(const Combination& combination);
  /// All that could be set, as it stands now.
  static std::vector<std::pair<std::filesystem::path, std::string>> read();

 private:
  void set(const std::filesystem::path& file, std::int64_t value);
  void restore();

  std::vector<std::pair<std::filesystem::path, std::string>> before_;
};

}  // namespace ceiling
