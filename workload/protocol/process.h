#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ceiling::wire {

/// The run's token, from the environment variable CEILING_TOKEN, which only the process's own uid
/// and root can read. Throws std::runtime_error that says what to set.
std::string token_from_environment();

/// Compares without telling by its time where they differ.
bool same_token(std::string_view one, std::string_view other);

/// Tasks of this process: num_threads of /proc/self/stat (proc_pid_stat(5)).
std::uint32_t own_tasks();

/// A log line on stderr, "name: text", in one write.
void log_line(const std::string& name, const std::string& text);

}  // namespace ceiling::wire
