#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ceiling {

/// What `Limit::threads_left` says about the kernel's own answer.
enum class Certainty {
  exact,
  at_least,  ///< a lower bound
  at_most,   ///< an upper bound
  estimate,  ///< ± Limit::error
  unknown    ///< no number; the note says why
};
std::string_view to_string(Certainty certainty);

/// One kernel limit as it stands for one target. Counts are of `unit`.
struct Limit {
  std::string name;   ///< "pids.max", "RLIMIT_NPROC", "kernel.threads-max" ...
  std::string scope;  ///< the group, uid, process or "host" that it counts over
  std::string where;  ///< the file that shows it
  std::string unit = "tasks";
  std::optional<std::int64_t> value;         ///< nothing: unlimited, or not seen
  std::int64_t used = 0;                     ///< of `unit`
  std::optional<std::int64_t> threads_left;  ///< nothing: unlimited, exempt, or unknown
  Certainty certainty = Certainty::exact;
  std::int64_t error = 0;  ///< of an estimate, in threads
  bool applies = true;     ///< false: it cannot refuse this target a thread; the note says why
  int refusal_errno = 0;   ///< what a refused pthread_create returns
  std::string trace;       ///< what the kernel logs or counts at a refusal; empty: nothing
  std::string note;

  bool exact() const { return certainty == Certainty::exact; }
  /// Threads that are surely allowed by this limit; nothing: any number.
  std::optional<std::int64_t> at_least() const;
  /// More threads than this are surely refused by it; nothing: that cannot be said of any number.
  std::optional<std::int64_t> at_most() const;
};

}  // namespace ceiling
