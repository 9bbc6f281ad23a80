#include "workload/frontend/address_space.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdlib>
#include <limits>
#include <system_error>

namespace ceiling::frontend {

void fix_address_space() {
  // A thread's first malloc would otherwise add an arena: 64 MiB of address space, two mappings.
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD,
            static_cast<int>(std::size_t{32} << 20));  // HEAP_MAX_SIZE / 2, the most
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  ::mallopt(M_TOP_PAD, static_cast<int>(kHeapBytes));
  // More than libraries left at the top of the heap, so that it grows now, by the pad.
  void* volatile grown = std::malloc(std::size_t{1} << 20);  // volatile: or both calls are left out
  std::free(grown);

  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  const int error = ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "pthread_setattr_default_np");
  }
}

void lock_future_mappings() {
  if (::mlockall(MCL_FUTURE | MCL_ONFAULT) != 0) {
    throw std::system_error(errno, std::generic_category(), "mlockall");
  }
}

}  // namespace ceiling::frontend
