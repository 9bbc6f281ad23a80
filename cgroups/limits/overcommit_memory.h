#pragma once

#include "cgroups/facts.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// vm.overcommit_memory 2 (overcommit-accounting.rst): the writable part of every stack is
/// committed, and all that is committed may not exceed CommitLimit less the reserves of
/// __vm_enough_memory() in mm/util.c. The kernel's own sum is kept per CPU: an estimate, ± 0.4 % of
/// RAM.
Limit overcommit_memory_limit(const Facts& facts, const ThreadShape& thread);

}  // namespace ceiling
