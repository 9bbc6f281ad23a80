#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>

#include "cgroups/limits/limit.h"

namespace ceiling {

/// RLIMIT_NPROC (setrlimit(2)) for a process in the place of `pid` (0: the caller): its soft limit
/// against the tasks of its real uid, or of `uid` where one is given. The use is the sum of
/// `Threads:` over the visible processes of that uid, so it is exact only in the first pid and user
/// namespaces. `applies` is false for who is exempt: uid 0 of the host, and (unless `uid` says that
/// it is to be somebody else) CAP_SYS_ADMIN or CAP_SYS_RESOURCE in the first user namespace. `root`
/// is "/" or a fake tree. Throws Error when the process is gone.
Limit rlimit_nproc_limit(pid_t pid = 0, std::optional<uid_t> uid = std::nullopt,
                         const std::filesystem::path& root = "/");

/// Tasks (zombies included) that the kernel counts for `uid`, found by asking: a child of ours
/// becomes that uid and bisects the smallest soft limit at which fork works. No file shows that
/// count. Starts at most some fifty short-lived processes, two at a time. Throws HostError when the
/// uid is exempt or may not be taken on, Error when fork is refused for another reason, the hard
/// limit included.
std::int64_t count_by_fork_probe(uid_t uid);

}  // namespace ceiling
