#pragma once

#include <cstddef>

namespace ceiling::frontend {

/// Stack of every thread but the main one, whatever RLIMIT_STACK says; the guard page is beside it.
inline constexpr std::size_t kStackBytes = std::size_t{1} << 20;
/// Heap taken at the start, and taken again each time that it is used up.
inline constexpr std::size_t kHeapBytes = std::size_t{8} << 20;

/// Makes what a frontend has mapped a matter of its threads alone, so that address-space limits
/// bite where they are predicted: one malloc arena, a heap that neither grows by the way nor
/// shrinks, no mapping for a single large allocation, stacks of kStackBytes (mallopt(3),
/// pthread_setattr_default_np(3)). To be called first in main(). Throws std::system_error.
void fix_address_space();

/// Locks what is mapped from now on, stacks of threads above all: then RLIMIT_MEMLOCK counts them
/// (mlock(2), MCL_FUTURE). Pages are still only taken when they are used (MCL_ONFAULT). Throws
/// std::system_error.
void lock_future_mappings();

}  // namespace ceiling::frontend
