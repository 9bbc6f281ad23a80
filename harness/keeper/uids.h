#pragma once

#include <sys/types.h>

#include <filesystem>
#include <vector>

namespace ceiling {

/// `count` uids for one run: from a high range, not in `taken`, inside proc/self/uid_map (see
/// user_namespaces(7)), and without a live task or a zombie. `root` is "/" or a fake tree. Throws
/// HostError when there are not enough.
std::vector<uid_t> free_uids(int count, const std::vector<uid_t>& taken,
                             const std::filesystem::path& root = "/");

}  // namespace ceiling
