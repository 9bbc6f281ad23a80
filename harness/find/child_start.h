#pragma once

#include <sys/types.h>

#include <optional>

#include "cgroups/descriptor.h"
#include "harness/find/injected_run.h"

namespace ceiling {

/// A child that runs the command below the creation filter, or could not.
struct StartedChild {
  pid_t pid = 0;
  Descriptor listener;
  std::optional<NotStarted> not_started;
};

/// Forks and executes. The caller has one thread. Throws Error where the kernel has no filters or
/// notifications, or no process for us.
StartedChild start_child(const InjectedCommand& command);

}  // namespace ceiling
