#pragma once

namespace ceiling::wire {

/// Tasks of each program by design; a test counts them in the running programs.

/// main (event loop), creator, http.
inline constexpr int kFrontendBaseTasks = 3;
/// A frontend has threads_per_peer more for every other member.
inline constexpr int kMembershipTasks = 1;
inline constexpr int kBackendTasks = 1;
inline constexpr int kClientTasks = 1;

}  // namespace ceiling::wire
