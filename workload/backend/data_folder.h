#pragma once

#include <filesystem>

#include "cgroups/descriptor.h"

namespace ceiling {

/// Where one backend keeps its records, held for as long as this lives, or its process does.
class DataFolder {
 public:
  /// Made where it is missing (not its parent). Throws HostError when it cannot be had, another
  /// backend that lives holds it, or what is in it was never, or is no more, a backend's.
  explicit DataFolder(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  Descriptor lock_;  // flock(2): the kernel frees it however the process ends
};

}  // namespace ceiling
