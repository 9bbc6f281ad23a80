#pragma once

#include <filesystem>

#include "cgroups/limits/limit.h"

namespace ceiling {

/// kernel.threads-max: tasks on the whole host, kernel threads included, nobody exempt. The use is
/// the number after the slash in field 4 of /proc/loadavg (proc_loadavg(5)). `root` is "/" or a
/// fake tree.
Limit threads_max_limit(const std::filesystem::path& root = "/");

}  // namespace ceiling
