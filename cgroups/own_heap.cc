#include <link.h>
#include <malloc.h>

#include <algorithm>
#include <cstddef>

#include "cgroups/read_facts.h"

namespace ceiling {
namespace {

/// The greatest number that a module with thread-local storage has, dl_iterate_phdr(3).
std::size_t last_tls_module() {
  std::size_t last = 0;
  const auto look = [](dl_phdr_info* info, std::size_t, void* found) {
    auto& greatest = *static_cast<std::size_t*>(found);
    greatest = std::max(greatest, info->dlpi_tls_modid);
    return 0;
  };
  ::dl_iterate_phdr(look, &last);
  return last;
}

}  // namespace

HeapFacts own_heap() {
  // glibc's vector of a thread: an entry a module, 14 to spare and 2 of its own, elf/dl-tls.c
  // (allocate_dtv); a chunk has a head of 8 bytes and comes in steps of 16.
  constexpr std::size_t kEntry = 16;
  constexpr std::size_t kSpare = 16;
  const std::size_t vector = (last_tls_module() + kSpare) * kEntry;
  const struct mallinfo2 info = ::mallinfo2();
  HeapFacts heap;
  heap.free_at_least = static_cast<std::int64_t>(info.keepcost);
  heap.free_at_most = static_cast<std::int64_t>(info.fordblks);
  heap.per_thread = static_cast<std::int64_t>((vector + 8 + 15) / 16 * 16);
  // tcache_init() in malloc/malloc.c: tcache_perthread_struct, since glibc 2.30.
  constexpr std::int64_t kThreadCache = 656;
  heap.first_use = info.arena == 0 ? kThreadCache : 0;
  return heap;
}

}  // namespace ceiling
