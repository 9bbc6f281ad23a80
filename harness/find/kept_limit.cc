#include "harness/find/kept_limit.h"

#include <fmt/format.h>

#include "cgroups/control_file.h"
#include "harness/find/trial.h"

namespace ceiling {

void KeptLimit::check(pid_t process, bool ended) {
  check_group(process, ended);
  if (!value_) return;
  if (const auto raised = use_.raised_above(*value_)) {
    throw NotSearchable(
        fmt::format("the command has set its own {} to {}, above the {} that were tried: expected "
                    "one that keeps the limit it is given, or a user that may not (--user)",
                    limit_.name, *raised, *value_));
  }
}

/// Seen twice: a process that is just ending has left its group as well.
void KeptLimit::check_group(pid_t process, bool ended) {
  const std::string status =
      read_file_if_there(fmt::format("/proc/{}/status", process)).value_or("");
  const bool lives = !ended && value_of(status, "VmSize:");
  const bool inside = use_.holds(process);
  seen_outside_ = lives && !inside ? seen_outside_ + 1 : 0;
  if (seen_outside_ < 2) return;
  throw NotSearchable(
      "the command has left the control group of its trial: expected one that stays where its "
      "limit is, or a user that may not leave (--user)");
}

}  // namespace ceiling
