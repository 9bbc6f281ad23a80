#pragma once

#include "cgroups/facts.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// kernel.threads-max: tasks on the whole host, kernel threads included, nobody exempt. The use is
/// the number after the slash in field 4 of /proc/loadavg (proc_loadavg(5)), which counts the whole
/// host from inside a container as well.
Limit threads_max_limit(const HostFacts& host);

}  // namespace ceiling
