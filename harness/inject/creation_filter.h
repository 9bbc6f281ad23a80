#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <optional>
#include <span>
#include <vector>

namespace ceiling {

/// Asks a listener about every clone, clone3, fork and vfork, of every ABI of this architecture,
/// and allows everything else; see seccomp_unotify(2). Made before fork, because making it
/// allocates. Throws Error.
std::vector<sock_filter> creation_filter();

/// Puts `filter` on the calling thread and on what it starts. Async-signal-safe: for a child
/// between fork and exec that has no_new_privs. Returns the listener's descriptor, or minus an
/// errno. A caller that waits for an answer can still be killed (WAIT_KILLABLE_RECV, from Linux
/// 5.19), so signals do not make it ask twice.
int listen_by_filter(std::span<const sock_filter> filter) noexcept;

/// How a creation is asked for.
enum class CreationCall { clone, clone3, fork };
/// Nothing for a system call that creates nothing.
std::optional<CreationCall> creation_call(const seccomp_data& data);

}  // namespace ceiling
