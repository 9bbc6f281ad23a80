#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/headroom.h"
#include "harness/check/selector.h"
#include "harness/configs/origin.h"

namespace ceiling {

/// What somebody wants to make at a target: `threads` more threads, or for each of `peers` members
/// of a fleet `threads_per_peer` threads for each of the others. Without either: one thread.
struct Need {
  std::optional<std::int64_t> threads{};
  std::optional<std::int64_t> peers{};
  std::int64_t threads_per_peer = 0;    ///< 0: no fleet is meant
  std::optional<std::int64_t> stack{};  ///< of each thread, bytes; by default that of RLIMIT_STACK

  /// Threads that one process needs; nothing where nothing was asked for.
  std::optional<std::int64_t> required() const;
};

/// Where the value of one row was set.
struct Setting {
  std::string limit;
  std::string scope;
  Origin origin;
};

/// A target as it was read: all that an answer rests on.
struct Subject {
  Selector selector;
  Facts facts;
  std::vector<Setting> settings{};
  std::string unit{};      ///< the service that the process belongs to; empty: none
  std::string user{};      ///< login name of the uid; empty: not known
  std::string snapshot{};  ///< the one that it was read from, host and time; empty: now, here
};

enum class Fit { holds, exceeded, unknown };
std::string_view to_string(Fit fit);
/// exceeded before unknown before holds.
Fit worse(Fit a, Fit b);

struct Row {
  Limit limit;
  Fit fit = Fit::holds;  ///< of the need, by this limit alone
  std::string set_by;    ///< empty: not known
  std::string remedy;    ///< one line to type; for rows that do not hold, and the binding one
};

struct Answer {
  Subject subject;
  Need need;
  ThreadShape thread;
  std::vector<Row> rows;                      ///< in the order of Headroom
  bool binds = false;                         ///< the first row limits; else nothing does
  std::optional<std::int64_t> threads_left;   ///< nothing: unlimited, or unknown
  std::optional<std::int64_t> largest_fleet;  ///< members; nothing: unlimited, or not asked for
  Fit verdict = Fit::unknown;
  std::string reason;               ///< of the verdict, for people
  std::vector<std::string> unseen;  ///< what could not be read, and why
};

/// "pids.max of /a", "kernel.threads-max": a row's name for people.
std::string place_of(const Limit& row);

/// Applies the rules to what was read. Holds when every row surely allows what is needed, exceeded
/// when one surely does not, else unknown. Pure.
Answer answer(const Subject& subject, const Need& need);

}  // namespace ceiling
