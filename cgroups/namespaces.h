#pragma once

#include <filesystem>

namespace ceiling {

/// `process` is a folder such as /proc/self. Where it cannot be told, the answer is no.

/// True in the host's own pid namespace: its inode number is fixed, PROC_PID_INIT_INO. Of a process
/// of somebody else that may not be read; what everybody may read (NSpid, proc_pid_status(5)) tells
/// whether it is in the reader's.
bool in_first_pid_namespace(const std::filesystem::path& process);
/// True where uid_map maps every uid to itself, as the host's own user namespace does,
/// user_namespaces(7).
bool in_first_user_namespace(const std::filesystem::path& process);

}  // namespace ceiling
