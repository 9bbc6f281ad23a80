#pragma once

#include <linux/filter.h>

#include <span>
#include <vector>

namespace ceiling {

/// The workload's deny filter: system calls that reach into other processes or into the host
/// (ptrace, process_vm_*, mounting, modules, keyrings, bpf, kexec, perf, userfaultfd, namespaces)
/// fail with EPERM, everything else is allowed. See seccomp(2). Made by libseccomp before fork,
/// because making it allocates. Throws Error.
std::vector<sock_filter> confinement_filter();

/// Puts `filter` on the calling thread and on what it starts. Async-signal-safe: for a child
/// between fork and exec, which must have no_new_privs or CAP_SYS_ADMIN. Returns 0 or an errno.
int load_filter(std::span<const sock_filter> filter) noexcept;

}  // namespace ceiling
