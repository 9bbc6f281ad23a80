#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ceiling {

/// cgroup v2 only: what stands between us and a controller in our groups. cgroup-v2.rst, "No
/// Internal Process Constraint": a group that hands controllers to its children may hold no process
/// itself, the root excepted.

/// True where `folder` is a v2 group.
bool is_unified(const std::filesystem::path& folder);

/// Throws HostError where enable_below_caller() would: a process that is not the caller or a
/// descendant of it stands in `folder`. `proc` is /proc. Moves nobody, enables nothing.
void check_below_caller(const std::filesystem::path& folder, const std::vector<std::string>& wanted,
                        const std::filesystem::path& proc = "/proc");

/// Enables those of `wanted` for the children of group `folder` that `folder` has itself and that
/// are not enabled yet. Never disables. Throws FileError (EBUSY: processes stand in the way).
void enable_for_children(const std::filesystem::path& folder,
                         const std::vector<std::string>& wanted);

/// Moves every process of the group `folder`, which must be the caller or a descendant of it, into
/// the group `leaf` below it, made where it is needed. `proc` is /proc. Throws HostError, and
/// moves nobody, when somebody else stands there.
void move_to_leaf(const std::filesystem::path& folder, const std::string& leaf,
                  const std::filesystem::path& proc = "/proc");

/// As enable_for_children for the group that the caller stands in; when only the caller and its
/// descendants stand there, they move to `leaf` first, unless it is the root group. Throws
/// HostError when somebody else does, or when the group may not be changed.
void enable_below_caller(const std::filesystem::path& folder,
                         const std::vector<std::string>& wanted, const std::string& leaf,
                         const std::filesystem::path& proc = "/proc");

}  // namespace ceiling
