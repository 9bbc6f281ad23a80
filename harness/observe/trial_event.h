#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ceiling {

/// What happens to a command under a limit (`ceiling find`), beside the events of event.h: its
/// "arm" is the trial, and ends with `arm-end` when nothing of it runs any more.

/// The trial begins: the limit is set, and the command is about to be started.
struct TrialEvent {
  static constexpr std::string_view kName = "trial";
  std::string limit;                  ///< by its name in `check`
  std::optional<std::int64_t> value;  ///< nothing: without it
};
/// The command is ready.
struct ReadyEvent {
  static constexpr std::string_view kName = "ready";
  std::string by;  ///< "end", "command", "tcp", "log"
};
/// The probe has ended, or its time limit has passed.
struct ProbeEvent {
  static constexpr std::string_view kName = "probe";
  bool in_time = false;
  int status = 0;  ///< exit status, or 128+N for signal N; -1: not in time
  std::string last_line;
};
/// The trial is judged.
struct OutcomeEvent {
  static constexpr std::string_view kName = "outcome";
  std::string outcome;  ///< as in result.json
  std::string why;      ///< empty where healthy
};

}  // namespace ceiling
