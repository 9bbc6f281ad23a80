#pragma once

#include "cgroups/facts.h"
#include "cgroups/limits/limit.h"

namespace ceiling {

/// vm.max_map_count N (proc_sys_vm(5)): mmap needs fewer than N+1 maps, a split fewer than N
/// (mm/mmap.c, mm/mprotect.c). A thread of glibc costs two, its stack and its guard; the first heap
/// costs one. Exact for a process that has never ended a thread, since Linux 6.7; a lower bound for
/// any other, and with two maps left to one without a heap: the heap may come as the N+1st, behind
/// the first stack, or before it.
Limit max_map_count_limit(const Facts& facts);

}  // namespace ceiling
