#include "harness/inject/exported.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "cgroups/error.h"

namespace ceiling {

void require_seccomp(int result, const std::string& what) {
  if (result < 0) {
    throw Error("seccomp filter: " + what + ": " + std::generic_category().message(-result));
  }
}

// libseccomp 2.5 exports to a descriptor only.
std::vector<sock_filter> exported(void* context) {
  const int memory = ::memfd_create("ceiling-filter", MFD_CLOEXEC);
  require_seccomp(memory < 0 ? -errno : 0, "memfd_create");
  const std::unique_ptr<const int, void (*)(const int*)> closer(
      &memory, [](const int* fd) { ::close(*fd); });
  require_seccomp(seccomp_export_bpf(context, memory), "export");
  const off_t size = ::lseek(memory, 0, SEEK_END);
  require_seccomp(size < 0 ? -errno : 0, "lseek");
  std::vector<sock_filter> filter(static_cast<std::size_t>(size) / sizeof(sock_filter));
  const std::size_t bytes = filter.size() * sizeof(sock_filter);
  if (::pread(memory, filter.data(), bytes, 0) != static_cast<ssize_t>(bytes)) {
    throw Error("seccomp filter: cannot be read back");
  }
  return filter;
}

}  // namespace ceiling
