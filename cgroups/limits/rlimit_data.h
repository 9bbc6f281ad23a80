#pragma once

#include "cgroups/facts.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// RLIMIT_DATA (setrlimit(2)): VmData plus the stack of every thread; it bites when the stack is
/// made writable, so the guard is not counted. Certain as RLIMIT_AS is.
Limit rlimit_data_limit(const PlaceFacts& place, const ThreadShape& thread);

}  // namespace ceiling
