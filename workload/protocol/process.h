#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ceiling::wire {

/// The run's token, from the environment variable CEILING_TOKEN, which only the process's own uid
/// and root can read. Throws std::runtime_error that says what to set.
std::string token_from_environment();

/// Exit statuses of the workload's programs.
inline constexpr int kUsage = 64;
inline constexpr int kHost = 69;
inline constexpr int kDefect = 70;
/// Of a frontend or a cache server that membership removed because it did not answer in time; start
/// it again.
inline constexpr int kRemoved = 75;
struct RemovedByMembership : std::runtime_error {
  explicit RemovedByMembership(std::uint64_t silent_ms);
};

/// Names the process `name` (a program that was started by a descriptor is called after its number
/// before Linux 6.14) and runs `serve`; what it throws becomes a log line and one of the statuses
/// above: std::invalid_argument is bad usage, a HostError and an error of a socket are the host's.
int run_program(const std::string& name, const std::function<int()>& serve);

/// Compares without telling by its time where they differ.
bool same_token(std::string_view one, std::string_view other);

/// Tasks of this process: num_threads of /proc/self/stat (proc_pid_stat(5)), which stays open from
/// the first call on: a process that is out of descriptors can still count.
std::uint32_t own_tasks();

/// A log line on stderr, "name: text", in one write.
void log_line(const std::string& name, const std::string& text);

}  // namespace ceiling::wire
