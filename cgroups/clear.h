#pragma once

#include <chrono>
#include <filesystem>
#include <vector>

namespace ceiling {

using Deadline = std::chrono::steady_clock::time_point;

/// Ends every process in the groups `folders` and below, on either version: no task may be born
/// (pids.max 0), all are killed (v2 cgroup.kill where there is one), thawed, and waited for, again
/// and again until none is left. Folders that are gone are passed over. Throws Error naming what is
/// left at the deadline, or when the caller itself stands there.
void end_all(const std::vector<std::filesystem::path>& folders, Deadline until);

/// Removes the groups `folders` and all below, which must be empty of processes, and verifies that
/// they are gone. Throws Error.
void remove_all(const std::vector<std::filesystem::path>& folders, Deadline until);

}  // namespace ceiling
