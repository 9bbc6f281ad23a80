#pragma once

#include <sys/types.h>

#include <filesystem>

namespace ceiling {

/// A trial's own folder, `ABOVE/NUMBER`, that belongs to its user; gone with it.
class DataFolder {
 public:
  /// Throws Error.
  DataFolder(const std::filesystem::path& above, int number, uid_t uid, gid_t gid);
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;
  ~DataFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace ceiling
