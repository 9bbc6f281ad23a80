#pragma once

namespace ceiling::wire {

/// Tasks of each program by design; a test counts them in the running programs.

/// main (event loop), creator, http.
inline constexpr int kFrontendBaseTasks = 3;
/// A frontend has threads_per_peer more for every other member.
inline constexpr int kMembershipTasks = 1;
/// main, the event loop.
inline constexpr int kCacheTasks = 1;
/// main (event loop), committer; RocksDB's low, high and its timer.
inline constexpr int kBackendTasks = 5;
inline constexpr int kClientTasks = 1;
/// ceiling-client --kind, whichever: main, the event loop.
inline constexpr int kDependentTasks = 1;

}  // namespace ceiling::wire
