#pragma once

#include <sys/types.h>

#include <cstdint>

#include "cgroups/facts.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// RLIMIT_NPROC (setrlimit(2)): the place's soft limit against the tasks of its real uid, counted
/// by copy_process() in kernel/fork.c. Does not apply to who is exempt: uid 0 of the host, and
/// CAP_SYS_ADMIN or CAP_SYS_RESOURCE in the first user namespace. The count is exact where all
/// processes can be seen, from the first pid and user namespaces, or where it was probed.
Limit rlimit_nproc_limit(const Facts& facts);

/// Tasks (zombies included) that the kernel counts for `uid`, found by asking: a child of ours
/// becomes that uid and bisects the smallest soft limit at which fork works. No file shows that
/// count. Starts at most some fifty short-lived processes, two at a time. Throws HostError when the
/// uid is exempt or may not be taken on, Error when fork is refused for another reason, the hard
/// limit included.
std::int64_t count_by_fork_probe(uid_t uid);

}  // namespace ceiling
