#pragma once

#include <sys/types.h>

#include <filesystem>
#include <vector>

namespace ceiling {

/// A block of private, unprivileged uids, reserved by flock on a file below the registry's folder, so
/// that two runs never share one. A uid with a live task or a zombie, or outside /proc/self/uid_map,
/// is passed over. The reservation ends, and its file goes, with the object; the lock is inherited by
/// forked children (the keeper), so a dead harness does not free it early.
class UidBlock {
 public:
  /// Throws HostError when `count` uids cannot be had.
  static UidBlock reserve(const std::filesystem::path& registry_folder, int count);
  UidBlock(UidBlock&& other) noexcept;
  UidBlock& operator=(UidBlock&& other) noexcept;
  ~UidBlock();

  const std::vector<uid_t>& uids() const { return uids_; }

 private:
  UidBlock() = default;
  std::vector<uid_t> uids_;
  std::filesystem::path file_;
  int lock_ = -1;
};

}  // namespace ceiling
