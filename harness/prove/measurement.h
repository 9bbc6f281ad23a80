#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/limits/limit.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// Where this kernel counts a refusal by pids.max in pids.events: v1, and v2 before 6.11 or mounted
/// with pids_localevents, in the group that forks; v2 since 6.11 in the group whose limit was met,
/// and in those above it (cgroup-v2.rst "PID").
enum class EventsMeaning { forking, limiting, unknown };
std::string_view to_string(EventsMeaning meaning);

/// pids.events of one group around a measurement.
struct GroupEvents {
  std::string group;  ///< as in /proc/PID/cgroup
  std::int64_t before = 0;
  std::int64_t after = 0;

  std::int64_t moved() const { return after - before; }
};

/// What a testee met that made threads until one was refused. The rows are those of headroom() for
/// the testee itself, those that bind first.
struct Measurement {
  std::vector<Limit> predicted;  ///< just before
  std::vector<Limit> after;      ///< with all threads in place
  std::int64_t asked = 0;        ///< no more threads than that
  std::int64_t made = 0;
  int error = 0;  ///< errno of the refused thread; 0: none was refused
  int probe = 0;  ///< errno of a process asked for right after; 0: it was made
  /// Whether the refused thread got as far as the kernel's clone: glibc keeps its stack then. From
  /// the address space of the testee; nothing where that does not tell.
  std::optional<bool> reached_clone;
  std::vector<GroupEvents> events;  ///< the testee's path, leaf first
  EventsMeaning meaning = EventsMeaning::unknown;
};

/// Which limit refused, from evidence of two kinds: how far the refused thread got and which
/// counter moved, and which use stands at its limit. Empty where they do not agree on one.
///
/// A thread that did not reach clone was refused its memory: by a limit of its address space. One
/// that did was refused by a count of tasks: where pids.events moved, by the pids.max that the
/// kernel asks first and that is full; where it stood still, by the first full one of RLIMIT_NPROC,
/// kernel.threads-max and kernel.pid_max, which the kernel asks before (kernel/fork.c).
Attribution attribute(const Measurement& measured);

/// The fewest threads that all rows together promise; nothing: nothing limits.
std::optional<std::int64_t> at_least(const std::vector<Limit>& rows);
/// The most that they allow; nothing: no row says.
std::optional<std::int64_t> at_most(const std::vector<Limit>& rows);

struct Judgement {
  Verdict verdict = Verdict::unknown;
  std::string reason;  ///< why it is not confirmed
  Attribution attribution;
};

/// Holds a measurement against what was predicted. Confirmed: as many threads as the rows say, the
/// errno of the row that binds, and the refusal attributed to it. Unknown: nothing was refused, or
/// the refusal cannot be attributed.
Judgement judge(const Measurement& measured);

}  // namespace ceiling
