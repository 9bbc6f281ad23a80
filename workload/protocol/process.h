#pragma once

#include <cstdint>
#include <string>

namespace ceiling::wire {

/// The run's token, from the environment variable CEILING_TOKEN, which only the process's own uid
/// and root can read. Throws std::runtime_error that says what to set.
std::string token_from_environment();

/// Tasks of this process: num_threads of /proc/self/stat (proc_pid_stat(5)).
std::uint32_t own_tasks();

/// A log line on stderr, "name: text", in one write.
void log_line(const std::string& name, const std::string& text);

}  // namespace ceiling::wire
