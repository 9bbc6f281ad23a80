#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "harness/keeper/registry.h"

namespace ceiling {

/// Ends every process in the entry's groups and removes the groups. Throws Error with what is left.
void end_groups(const RegistryEntry& entry, std::chrono::milliseconds patience);

/// Restores the entry's host settings, then calls `end`, then removes the entry's data, each also
/// where the one before failed: a setting may be the one that keeps everybody from starting
/// anything, so it comes first. Throws Error with what failed of them.
Restored restore_and(const RegistryEntry& entry, const std::filesystem::path& root,
                     const std::function<void()>& end);

/// SIGKILL to every child that this process has now.
void kill_children();

/// Ends and reaps every child of this process, and theirs as they come to it, until there is none.
/// The caller must be a child subreaper, and ignores SIGCHLD from then on. Throws Error with what
/// is left after `patience`.
void end_children(std::chrono::milliseconds patience);

}  // namespace ceiling
