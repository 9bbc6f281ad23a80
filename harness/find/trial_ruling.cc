#include "harness/find/trial_ruling.h"

#include <fmt/format.h>
#include <sys/wait.h>

namespace ceiling {

Ruling ruling_of_end(int status, bool ends, bool was_ready) {
  if (WIFSIGNALED(status)) {
    return {TrialOutcome::crashed, fmt::format("ended by signal {}", WTERMSIG(status))};
  }
  std::string why = fmt::format("ended with status {}", WEXITSTATUS(status));
  if (!ends) why += was_ready ? " after it was ready" : " before it was ready";
  return {was_ready ? TrialOutcome::crashed : TrialOutcome::refused_to_start, std::move(why)};
}

Ruling ruling_of_delay(std::chrono::milliseconds patience, bool ends, bool runs) {
  const char* what = !ends  ? "it did not get ready"
                     : runs ? "it did not end"
                            : "it ended, its processes did not";
  return {TrialOutcome::hung,
          fmt::format("{} within {:.1f} s", what, std::chrono::duration<double>(patience).count())};
}

Ruling ruling_of_probe(const ShellEnd& end) {
  if (end.ok()) return {};
  return {end.in_time ? TrialOutcome::degraded : TrialOutcome::hung, "the probe " + end.how()};
}

const char* name_of(Readiness::Kind kind) {
  switch (kind) {
    case Readiness::Kind::ends:
      return "end";
    case Readiness::Kind::tcp:
      return "tcp";
    case Readiness::Kind::log:
      return "log";
    case Readiness::Kind::command:
      break;
  }
  return "command";
}

std::string describe_end(int status) {
  return WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                             : fmt::format("exit status {}", WEXITSTATUS(status));
}

}  // namespace ceiling
