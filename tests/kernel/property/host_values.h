#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/kernel/property/combination.h"

namespace ceiling {

/// The host-wide limits of a combination, set while it lives and restored then.
class HostValues {
 public:
  explicit HostValues(const Combination& combination);
  ~HostValues();
  HostValues(const HostValues&) = delete;
  HostValues& operator=(const HostValues&) = delete;

 private:
  void set(const std::filesystem::path& file, std::int64_t value);

  std::vector<std::pair<std::filesystem::path, std::string>> before_;
};

}  // namespace ceiling
